import { useRef } from 'preact/hooks';
import { PAGES } from '../../core/contracts/pages.ts';
import { useServices } from '../services.tsx';

/** What is needed now and then: the API's pages, signing in and out. The browser's own popover: Escape and a click beside it close it. */
export function Menu() {
  const { session, link } = useServices();
  const popover = useRef<HTMLDivElement>(null);
  const signedIn = session.signedIn.value;
  const signOut = () => {
    popover.current?.hidePopover();
    // The connection knows the session it was opened with: a new one is asked for its own.
    void session.signOut().then(
      () => link.reopen(),
      () => undefined,
    );
  };
  return (
    <>
      <button type="button" class="icon-button" popovertarget="menu" aria-label="More" title="More">
        <svg viewBox="0 0 20 20" class="icon" aria-hidden="true">
          <path d="M4 6h12M4 10h12M4 14h12" />
        </svg>
      </button>
      <div id="menu" class="menu" popover="auto" ref={popover}>
        {session.role.value !== 'anonymous' && (
          <p class="menu-note">You are {session.role.value === 'operator' ? 'the operator' : 'a viewer'}</p>
        )}
        <a href="/board">Queue board</a>
        <a href="/docs">API</a>
        {signedIn ? (
          <button type="button" onClick={signOut}>
            Sign out
          </button>
        ) : (
          <a href={PAGES.signIn} onClick={() => popover.current?.hidePopover()}>
            Sign in
          </a>
        )}
      </div>
    </>
  );
}
