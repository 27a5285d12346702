import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Exit } from '../../../scripts/embedded/guardedChild.ts';
import { supervise, type Service } from '../../../scripts/supervise.ts';
import { waitFor } from '../../support/waitFor.ts';

/** A service that ends when it is told to. */
function fakeService(): Service & { end: (exit: Exit) => void; stopped: boolean } {
  let end: (exit: Exit) => void = () => undefined;
  const exited = new Promise<Exit>((resolve) => (end = resolve));
  const service = {
    exited,
    end,
    stopped: false,
    async stop() {
      service.stopped = true;
      end({ code: 0, signal: null });
    },
    kill: () => end({ code: null, signal: 'SIGKILL' as const }),
  };
  return service;
}

describe('a supervised service', () => {
  const killed: Exit = { code: null, signal: 'SIGKILL' };
  let made: ReturnType<typeof fakeService>[];
  let said: string[];
  let givenUp: string[];
  let stopping: AbortController;
  beforeEach(() => {
    made = [];
    said = [];
    givenUp = [];
    stopping = new AbortController();
  });

  function keep(start?: (signal: AbortSignal) => Promise<Service>) {
    return supervise({
      name: 'api',
      start: start ?? (async () => made[made.push(fakeService()) - 1] as Service),
      signal: stopping.signal,
      say: (line) => void said.push(line),
      giveUp: (reason) => void givenUp.push(reason),
      firstWaitMs: 1,
    });
  }

  test('is started again when it ends', async () => {
    await keep();
    made[0]?.end(killed);
    await waitFor(() => said.length === 2);
    expect(said).toEqual(['api: ended (SIGKILL), starting it again', 'api: running again']);
    expect(made).toHaveLength(2);
  });

  test('is given up once, after the sixth end within a minute', async () => {
    await keep();
    for (let crash = 0; crash < 6; crash++) {
      const service = await waitFor(() => made[crash]);
      service.end({ code: 1, signal: null });
    }
    await waitFor(() => givenUp.length > 0);
    expect(givenUp).toEqual(['api: ended 6 times within a minute (exit code 1).']);
    expect(made).toHaveLength(6);
  });

  test('counts a start that fails as an end, and tells why', async () => {
    let starts = 0;
    await keep(async () => {
      starts += 1;
      if (starts === 2) throw new Error('the port is taken');
      return made[made.push(fakeService()) - 1] as Service;
    });
    made[0]?.end(killed);
    await waitFor(() => said.length === 3);
    expect(said[1]).toBe('api: ended (the port is taken), starting it again');
    expect(made).toHaveLength(2);
  });

  test('leaves the fault of its first start to whoever started it', async () => {
    await expect(keep(async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  test('is not started again while everything stops', async () => {
    const supervised = await keep();
    stopping.abort();
    await supervised.stop();
    expect(made.map(({ stopped }) => stopped)).toEqual([true]);
    expect(said).toEqual([]);
  });

  test('that comes up while everything stops is stopped too', async () => {
    let finishStart: (service: Service) => void = () => undefined;
    const late = new Promise<Service>((resolve) => (finishStart = resolve));
    const first = fakeService();
    const second = fakeService();
    let starts = 0;
    const supervised = await keep(async () => (starts++ === 0 ? first : late));
    first.end(killed);
    await waitFor(() => starts === 2);
    stopping.abort();
    const stopped = supervised.stop();
    finishStart(second);
    await stopped;
    expect(second.stopped).toBe(true);
  });
});
