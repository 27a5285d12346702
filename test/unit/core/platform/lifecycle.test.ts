import { describe, expect, test } from '@jest/globals';
import { createLifecycle } from '../../../../core/platform/lifecycle.ts';
import { createLogger } from '../../../../core/platform/logger.ts';

function lifecycleWith(deadlineMs: number) {
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    name: 'test',
    destination: { write: (line) => void lines.push(line) },
  });
  return { lifecycle: createLifecycle(log, deadlineMs), lines };
}

const never = () => new Promise<void>(() => undefined);

describe('stopping', () => {
  test('releases what was acquired last first, each after the one before is done', async () => {
    const { lifecycle } = lifecycleWith(1_000);
    const order: string[] = [];
    for (const name of ['store', 'queue', 'port']) {
      lifecycle.defer(name, async () => {
        order.push(`${name} begins`);
        await new Promise(setImmediate);
        order.push(`${name} is done`);
      });
    }
    expect(await lifecycle.stop('test')).toBe(true);
    expect(order).toEqual([
      'port begins',
      'port is done',
      'queue begins',
      'queue is done',
      'store begins',
      'store is done',
    ]);
  });

  test('happens once, however often it is asked for', async () => {
    const { lifecycle } = lifecycleWith(1_000);
    let released = 0;
    lifecycle.defer('store', () => void (released += 1));
    const [first, second] = await Promise.all([lifecycle.stop('SIGTERM'), lifecycle.stop('SIGINT')]);
    expect([first, second, await lifecycle.stop('again'), released]).toEqual([true, true, true, 1]);
  });

  test('is seen from the moment it is asked for', async () => {
    const { lifecycle } = lifecycleWith(1_000);
    expect(lifecycle.stopping).toBe(false);
    let seen: boolean | undefined;
    lifecycle.defer('store', () => void (seen = lifecycle.stopping));
    const stopped = lifecycle.stop('test');
    expect(lifecycle.stopping).toBe(true);
    await stopped;
    expect(seen).toBe(true);
  });

  test.each([
    ['rejects', () => Promise.reject(new Error('broken'))],
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
  ])('goes on after a step that %s, says which, and is not clean', async (_, release) => {
    const { lifecycle, lines } = lifecycleWith(1_000);
    const released: string[] = [];
    lifecycle.defer('first', () => void released.push('first'));
    lifecycle.defer('bad one', release);
    lifecycle.defer('last', () => void released.push('last'));
    expect(await lifecycle.stop('test')).toBe(false);
    expect(released).toEqual(['last', 'first']);
    expect(lines.filter((line) => line.includes('"bad one"') && line.includes('broken'))).toHaveLength(1);
  });

  test('does not wait for a step that hangs longer than the deadline, and still tries the others', async () => {
    const { lifecycle, lines } = lifecycleWith(200);
    let released = false;
    lifecycle.defer('store', () => void (released = true));
    lifecycle.defer('worker without Redis', never);
    const startedAt = Date.now();
    expect(await lifecycle.stop('test')).toBe(false);
    expect(released).toBe(true);
    expect(Date.now() - startedAt).toBeLessThan(1_000);
    expect(lines.some((line) => line.includes('worker without Redis did not stop'))).toBe(true);
  });

  test('has one deadline for all steps together', async () => {
    const { lifecycle } = lifecycleWith(300);
    for (let i = 0; i < 3; i += 1) lifecycle.defer(`step ${i}`, never);
    const startedAt = Date.now();
    expect(await lifecycle.stop('test')).toBe(false);
    // The first gets the 300 ms, each other one the least it is given, 100 ms.
    expect(Date.now() - startedAt).toBeLessThan(900);
  });

  test('with nothing acquired is clean at once', async () => {
    expect(await lifecycleWith(1_000).lifecycle.stop('test')).toBe(true);
  });
});
