import { computed, signal, type ReadonlySignal } from '@preact/signals';
import type { Session as SessionAnswer } from '../../core/contracts/session.ts';
import type { Client } from '../client/client.ts';

/** `needed`: reading asks for a token. `ended`: it was open while the page was, and is no more. */
export type SessionState = 'unknown' | 'open' | 'needed' | 'ended' | 'left';

export type SessionRole = SessionAnswer['role'];

export interface Session {
  state: ReadonlySignal<SessionState>;
  role: ReadonlySignal<SessionRole>;
  /** Whether there is nothing to be seen without signing in. */
  closed: ReadonlySignal<boolean>;
  /** Whether this browser signed in, so that it can sign out. */
  signedIn: ReadonlySignal<boolean>;
  /** Something was read. */
  opened(): void;
  /** The server answered 401. */
  refused(): void;
  /** @throws {ApiError} where the token is not known, or there were too many tries */
  signIn(token: string): Promise<void>;
  signOut(): Promise<void>;
  /** Asks who we are. */
  look(): Promise<void>;
}

/** Scripts cannot see the cookie: that there is one is remembered here. */
const KEY = 'topline.signed-in';

/** What the role and the state of the session are, as far as the page was told. */
export function createSession(client: Client, storage: Storage | undefined): Session {
  const state = signal<SessionState>('unknown');
  const role = signal<SessionRole>('anonymous');
  const signedIn = signal(storage?.getItem(KEY) === 'yes');

  function remember(isSignedIn: boolean): void {
    signedIn.value = isSignedIn;
    if (isSignedIn) storage?.setItem(KEY, 'yes');
    else storage?.removeItem(KEY);
  }
  return {
    state,
    role,
    closed: computed(() => state.value !== 'unknown' && state.value !== 'open'),
    signedIn,
    opened: () => void (state.value = 'open'),
    refused() {
      if (state.peek() === 'left') return;
      state.value = state.peek() === 'unknown' || state.peek() === 'needed' ? 'needed' : 'ended';
      role.value = 'anonymous';
      remember(false);
    },
    async signIn(token) {
      const answer = await client.post('/api/session', { body: { token } });
      remember(true);
      role.value = answer.role;
      state.value = 'open';
    },
    async signOut() {
      await client.delete('/api/session');
      remember(false);
      state.value = 'left';
      await this.look();
    },
    async look() {
      role.value = (await client.get('/api/session')).role;
    },
  };
}

/** Where the browser keeps things; undefined where it is told to keep nothing. */
export function storageOf(window: Window): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}
