import { describe, expect, jest, test } from '@jest/globals';
import { createListeners } from '../../../../dashboard/live/listeners.ts';
import { createSubscriptions } from '../../../../dashboard/live/subscriptions.ts';

describe('what the page follows', () => {
  test('is told to the server by the first who wants it and the last who does not', () => {
    const subscriptions = createSubscriptions();
    expect(subscriptions.add('web-01')).toBe(true);
    expect(subscriptions.add('web-01')).toBe(false);
    expect(subscriptions.add('db-01')).toBe(true);
    expect(subscriptions.remove('web-01')).toBe(false);
    expect(subscriptions.all()).toEqual(['web-01', 'db-01']);
    expect(subscriptions.remove('web-01')).toBe(true);
    expect(subscriptions.all()).toEqual(['db-01']);
  });
});

describe('listeners', () => {
  test('each hear until they end it, also where two are the same function', () => {
    const listeners = createListeners<[number]>();
    const heard = jest.fn();
    const end = listeners.add(heard);
    listeners.add(heard);
    listeners.emit(1);
    expect(heard).toHaveBeenCalledTimes(2);
    end();
    end();
    listeners.emit(2);
    expect(heard.mock.calls).toEqual([[1], [1], [2]]);
  });

  test('may come and go while something is told', () => {
    const listeners = createListeners<[]>();
    const heard: string[] = [];
    const end = listeners.add(() => {
      heard.push('first');
      end();
      listeners.add(() => heard.push('new'));
    });
    listeners.add(() => heard.push('second'));
    listeners.emit();
    expect(heard).toEqual(['first', 'second']);
  });
});
