import { batch, signal, type ReadonlySignal } from '@preact/signals';
import { placeOf } from './routes.ts';

/** What a parameter becomes: a text, several, or none. */
export type QueryChanges = Record<string, string | readonly string[] | undefined>;

/** The whole view is in the URL, so that it can be given to somebody else; this is the only door to it. */
export interface View {
  path: ReadonlySignal<string>;
  query: ReadonlySignal<URLSearchParams>;
  /** To another page. `replace`: not as a step one can come back to. */
  go(url: string, options?: { replace?: boolean }): void;
  /** Parameters of this page; others stay. `push`: as a step one can come back to. */
  setQuery(changes: QueryChanges, options?: { push?: boolean }): void;
  close(): void;
}

/** The query with some parameters changed; those without a value go. */
export function withQuery(query: URLSearchParams, changes: QueryChanges): URLSearchParams {
  const changed = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    changed.delete(name);
    const values = typeof value === 'string' ? [value] : (value ?? []);
    for (const one of values) if (one !== '') changed.append(name, one);
  }
  return changed;
}

/** A path and its query as one text; `:`, `,`, `/` and `=` as they are, because people read it. */
export function urlOf(path: string, query: URLSearchParams): string {
  const text = query.toString().replace(/%3A|%2C|%2F/g, decodeURIComponent);
  return text === '' ? path : `${path}?${text}`;
}

/** Follows the address bar and the links of the page. */
export function openView(window: Window): View {
  const { location, history, document } = window;
  const path = signal(location.pathname);
  const query = signal(new URLSearchParams(location.search));

  function read(): void {
    batch(() => {
      path.value = location.pathname;
      query.value = new URLSearchParams(location.search);
    });
  }
  function go(url: string, { replace = false } = {}): void {
    if (replace) history.replaceState(null, '', url);
    else history.pushState(null, '', url);
    const changedPage = path.peek() !== location.pathname;
    read();
    if (changedPage && !replace) window.scrollTo(0, 0);
  }
  function onClick(event: MouseEvent): void {
    const url = followed(event, location);
    if (url === undefined) return;
    event.preventDefault();
    go(url.pathname + url.search);
  }
  window.addEventListener('popstate', read);
  document.addEventListener('click', onClick);
  return {
    path,
    query,
    go,
    setQuery(changes, { push = false } = {}) {
      const url = urlOf(path.peek(), withQuery(query.peek(), changes));
      if (url !== location.pathname + location.search) go(url, { replace: !push });
    },
    close() {
      window.removeEventListener('popstate', read);
      document.removeEventListener('click', onClick);
    },
  };
}

/** Where a click on a link of ours leads; undefined where the browser is to see to it. */
function followed(event: MouseEvent, location: Location): URL | undefined {
  const wantsElsewhere =
    event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (event.defaultPrevented || wantsElsewhere) return undefined;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (link === null || link.target !== '' || link.hasAttribute('download')) return undefined;
  const url = new URL(link.href, location.href);
  const isOurs = url.origin === location.origin && url.hash === '' && placeOf(url.pathname) !== undefined;
  return isOurs ? url : undefined;
}
