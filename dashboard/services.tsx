import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { createClient, type Client } from './client/client.ts';
import { createApi, type Api } from './client/request.ts';
import { createLink, type Link } from './live/link.ts';
import { startClock, type Clock } from './state/clock.ts';
import { createSession, storageOf, type Session } from './state/session.ts';
import { openTheme, type Theme } from './state/theme.ts';
import { timeFormat, type TimeFormat } from './state/time.ts';
import { openView, type View } from './state/view.ts';

/** What every part of the page works with: {@link useServices}. */
export interface Services {
  api: Api;
  /** The same, by the endpoints that the API declares. */
  client: Client;
  link: Link;
  view: View;
  session: Session;
  clock: Clock;
  time: TimeFormat;
  theme: Theme;
}

/** How often a session is looked after, in ms: it can end while the live connection stays. */
const SESSION_CHECK_MS = 60_000;

/** After this long it is asked again who we are, in ms. */
const LOOK_AGAIN_MS = 3_000;

/** Opens all of it, once, for the page. */
export function openServices(window: Window): Services {
  const clock = startClock(window.document);
  const api = createApi({
    fetch: (...args) => window.fetch(...args),
    onUnauthorized: () => session.refused(),
    onServerTime: clock.learn,
  });
  const client = createClient(api);
  const session = createSession(client, storageOf(window));
  const link = createLink({
    url: window.location.origin,
    nowMs: clock.nowMs,
    onUnauthorized: session.refused,
    network: window,
  });
  link.onLive(session.opened);
  const check = () => {
    if (!window.document.hidden && session.signedIn.peek() && session.state.peek() === 'open')
      // Any reading will do; a 401 is told by the client itself, and anything else the page notices by other means.
      void client.get('/api/alerts/recent', { query: { minutes: 1 } }).catch(() => undefined);
  };
  window.setInterval(check, SESSION_CHECK_MS);
  window.document.addEventListener('visibilitychange', check);
  // Who we are changes what is offered, and nothing that is shown: it can fail without a word, but not for good.
  const look = () => void session.look().catch(() => window.setTimeout(look, LOOK_AGAIN_MS));
  look();
  link.open();
  const view = openView(window);
  return { api, client, link, view, session, clock, time: timeFormat(), theme: openTheme(window) };
}

export const ServicesContext = createContext<Services | undefined>(undefined);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === undefined) throw new Error('useServices outside of ServicesContext');
  return services;
}
