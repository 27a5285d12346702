import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { createFleetModel } from '../../../../dashboard/fleet/model.ts';
import { createPainter } from '../../../../dashboard/fleet/painter.ts';
import { line, NOW, row } from './rows.ts';

describe('the fleet', () => {
  test('tells once what changed, however often it did', () => {
    const fleet = createFleetModel();
    fleet.replace([row('a'), row('b')]);
    fleet.takeChanges();
    fleet.hear([line('a', 1)], NOW);
    fleet.hear([line('a', 2)], NOW + 1);
    expect(fleet.takeChanges()).toEqual({ changed: new Set(['a']), membership: false });
    expect(fleet.rows.get('a')?.latest?.cpu).toBe(2);
    expect(fleet.takeChanges()).toBeUndefined();
  });

  test('takes in who was not known, and says who that is', () => {
    const fleet = createFleetModel();
    fleet.replace([row('a')]);
    fleet.takeChanges();
    expect(fleet.hear([line('a'), line('b')], NOW)).toEqual(['b']);
    expect(fleet.takeChanges()?.membership).toBe(true);
    expect(fleet.hear([line('b')], NOW)).toEqual([]);
  });

  test('follows what the server tells of states, of those it knows', () => {
    const fleet = createFleetModel();
    fleet.replace([row('a')]);
    const unknown = fleet.change([
      { agent_id: 'a', state: 'offline', last_seen: NOW },
      { agent_id: 'b', state: 'online', last_seen: NOW },
    ]);
    expect(unknown).toEqual(['b']);
    expect(fleet.rows.get('a')?.state).toBe('offline');
    expect(fleet.rows.has('b')).toBe(false);
  });

  test('a list read anew is what there is: who is gone from it is gone', () => {
    const fleet = createFleetModel();
    fleet.replace([row('a'), row('b')]);
    fleet.takeChanges();
    fleet.replace([row('b', { name: 'B' })]);
    expect([...fleet.rows.keys()]).toEqual(['b']);
    expect(fleet.takeChanges()).toEqual({ changed: new Set(['b']), membership: true });
    fleet.replace([row('c')]);
    expect(fleet.takeChanges()?.membership).toBe(true);
    fleet.replace([row('c')]);
    expect(fleet.takeChanges()?.membership).toBe(false);
  });

  test('whoever paints only what changed has what there is', () => {
    const step = fc.oneof(
      fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 100 }))),
      fc.subarray(['a', 'b', 'c']),
      fc.constant('paint' as const),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const fleet = createFleetModel();
        const painted = new Map<string, unknown>();
        for (const one of [...steps, 'paint' as const]) {
          if (one === 'paint') {
            const changes = fleet.takeChanges();
            for (const id of changes?.changed ?? []) painted.set(id, fleet.rows.get(id));
            if (changes?.membership)
              for (const id of painted.keys()) if (!fleet.rows.has(id)) painted.delete(id);
          } else if (typeof one[0] === 'string' || one.length === 0) {
            fleet.replace((one as string[]).map((id) => row(id)));
          } else {
            fleet.hear(
              (one as [string, number][]).map(([id, cpu]) => line(id, cpu)),
              NOW,
            );
          }
        }
        expect(painted).toEqual(fleet.rows);
      }),
    );
  });
});

describe('a painter', () => {
  function frames() {
    const due = new Map<number, () => void>();
    let next = 0;
    return {
      due,
      requestAnimationFrame(callback: () => void) {
        due.set((next += 1), callback);
        return next;
      },
      cancelAnimationFrame: (handle: number) => void due.delete(handle),
      show() {
        const now = [...due.values()];
        due.clear();
        for (const callback of now) callback();
      },
    };
  }

  test('paints once a picture, however often it is asked', () => {
    const screen = frames();
    const paint = jest.fn();
    const painter = createPainter(screen, paint);
    painter.ask();
    painter.ask();
    expect(paint).not.toHaveBeenCalled();
    screen.show();
    screen.show();
    expect(paint).toHaveBeenCalledTimes(1);
    painter.ask();
    screen.show();
    expect(paint).toHaveBeenCalledTimes(2);
  });

  test('paints nothing after it was closed', () => {
    const screen = frames();
    const paint = jest.fn();
    const painter = createPainter(screen, paint);
    painter.ask();
    painter.close();
    screen.show();
    expect(paint).not.toHaveBeenCalled();
    expect(screen.due.size).toBe(0);
  });
});
