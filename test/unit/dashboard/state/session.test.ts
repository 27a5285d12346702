import { beforeEach, describe, expect, test } from '@jest/globals';
import { createClient, type Client } from '../../../../dashboard/client/client.ts';
import type { RequestOptions } from '../../../../dashboard/client/request.ts';
import { createSession, type Session, type SessionRole } from '../../../../dashboard/state/session.ts';

/** What a browser keeps. */
function createStorage(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as Storage;
}

describe('a session', () => {
  let role: SessionRole;
  let storage: Storage;
  let session: Session;
  beforeEach(() => {
    role = 'anonymous';
    storage = createStorage();
    const client = createClient({
      request: async <T>(_: string, options?: RequestOptions) => {
        if (options?.method === 'POST') role = 'viewer';
        return { role } as T;
      },
    });
    session = createSession(client, storage);
  });

  test('that was never open is needed, and not ended', () => {
    session.refused();
    session.refused();
    expect(session.state.value).toBe('needed');
    expect(session.closed.value).toBe(true);
  });

  test('that was open has ended when the server refuses', async () => {
    await session.signIn('token');
    expect([session.state.value, session.role.value, session.signedIn.value]).toEqual([
      'open',
      'viewer',
      true,
    ]);
    session.refused();
    expect([session.state.value, session.role.value, session.signedIn.value]).toEqual([
      'ended',
      'anonymous',
      false,
    ]);
  });

  test('is left by signing out, and what the server says then changes nothing', async () => {
    await session.signIn('token');
    role = 'anonymous';
    await session.signOut();
    session.refused();
    expect(session.state.value).toBe('left');
    expect(session.signedIn.value).toBe(false);
  });

  test('is open again after signing out where nobody is asked for a token', async () => {
    session.opened();
    await session.signOut();
    session.opened();
    expect(session.closed.value).toBe(false);
  });

  test('that was begun in this browser is known after loading the page anew', async () => {
    await session.signIn('token');
    expect(createSession({} as Client, storage).signedIn.value).toBe(true);
    expect(createSession({} as Client, undefined).signedIn.value).toBe(false);
  });
});
