import { useEffect, useRef, useState } from 'preact/hooks';
import { PAGES } from '../../core/contracts/pages.ts';
import { ApiError } from '../client/request.ts';
import { useServices } from '../services.tsx';
import type { SessionState } from '../state/session.ts';
import { usePageTitle } from './pageTitle.ts';

const TITLES: Record<SessionState, string> = {
  unknown: 'Sign in',
  open: 'Sign in',
  needed: 'Sign in',
  ended: 'Your session has ended',
  left: 'You are signed out',
};

const WORDS: Record<SessionState, string> = {
  unknown: 'With the operator token you can act on what you see.',
  open: 'With the operator token you can act on what you see.',
  needed: 'This Topline shows its hosts to those who have the viewer or the operator token.',
  ended: 'Sign in again to go on where you were.',
  left: 'Sign in again with the viewer or the operator token.',
};

/** The way in. It stands in the place of the page that was asked for, which is shown as soon as one is in. */
export function SignInPage() {
  const { session, link, view } = useServices();
  const [token, setToken] = useState('');
  const [refusal, setRefusal] = useState('');
  const [busy, setBusy] = useState(false);
  const state = session.state.value;
  const field = useRef<HTMLInputElement>(null);
  usePageTitle(TITLES[state]);
  // There is nothing else to do here.
  useEffect(() => field.current?.focus(), []);

  async function signIn(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    try {
      await session.signIn(token);
      link.reopen();
      if (view.path.peek() === PAGES.signIn) view.go(PAGES.home, { replace: true });
    } catch (error) {
      setRefusal(refusalOf(error));
      field.current?.select();
    } finally {
      setBusy(false);
    }
  }
  return (
    <form class="sign-in" onSubmit={(event) => void signIn(event)}>
      <h1>{TITLES[state]}</h1>
      <p>{WORDS[state]}</p>
      {/* For what keeps passwords: there is a name to keep it under. */}
      <input type="text" name="username" autocomplete="username" value="topline" hidden readOnly />
      <label htmlFor="token">Token</label>
      <input
        ref={field}
        id="token"
        class="field"
        type="password"
        autocomplete="current-password"
        required
        value={token}
        aria-describedby="refusal"
        aria-invalid={refusal !== ''}
        onInput={(event) => setToken(event.currentTarget.value)}
      />
      <p id="refusal" class="refusal" role="alert">
        {refusal}
      </p>
      <button class="button primary" disabled={busy}>
        Sign in
      </button>
      <p class="sign-in-note">
        They are <code>VIEWER_TOKEN</code> and <code>OPERATOR_TOKEN</code> in the settings of the server.
      </p>
    </form>
  );
}

function refusalOf(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status === 401) return 'That token is not known here.';
  if (error.status === 429)
    return `Too many tries. The next one is possible in ${error.retryAfterSeconds ?? 60} s.`;
  return error.message;
}
