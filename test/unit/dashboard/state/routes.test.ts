import { describe, expect, test } from '@jest/globals';
import { alertPath, hostPath, placeOf } from '../../../../dashboard/state/routes.ts';

describe('the page of a path', () => {
  test.each([
    ['/', { page: 'home' }],
    ['/hosts', { page: 'fleet' }],
    ['/hosts/', { page: 'fleet' }],
    ['/hosts/web-01', { page: 'host', agent: 'web-01' }],
    ['/hosts/a%3Ab', { page: 'host', agent: 'a:b' }],
    ['/alerts', { page: 'alerts' }],
    ['/alerts/rules', { page: 'alertRules' }],
    ['/alerts/history/', { page: 'alertHistory' }],
    ['/alerts/cpu-hot:web-01:1707662400', { page: 'alert', alert: 'cpu-hot:web-01:1707662400' }],
    ['/operations', { page: 'operations' }],
    ['/sign-in', { page: 'signIn' }],
    ['/hosts/a/b', undefined],
    ['/hosts/%', undefined],
    ['/docs', undefined],
    ['/board', undefined],
  ])('%s', (path, place) => {
    expect(placeOf(path)).toEqual(place);
  });

  test('of an alert is found again', () => {
    const id = 'rules:db:eu.1_a:1707662400';
    expect(placeOf(alertPath(id))).toEqual({ page: 'alert', alert: id });
  });

  test('of a host is found again', () => {
    expect(placeOf(hostPath('db:eu.1_a'))).toEqual({ page: 'host', agent: 'db:eu.1_a' });
  });
});
