import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/**
 * A component that is fetched when it is first shown, or when it is asked to be there before that; where that fails, a word
 * of why and a way to try again.
 */
export function lazyPage<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  let loaded: ComponentType<Props> | undefined;
  // Where it fails now it is tried again, and told of, when it is shown.
  const preload = () =>
    void load().then(
      (page) => (loaded = page),
      () => undefined,
    );

  function LazyPage(props: Props) {
    const [Page, setPage] = useState(() => loaded);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (loaded !== undefined) return;
      load().then(
        (page) => {
          loaded = page;
          setPage(() => page);
        },
        () => setFailed(true),
      );
    }, []);
    if (Page !== undefined) return <Page {...props} />;
    if (!failed) return <p class="page-wait">Loading…</p>;
    return (
      <div class="page-message" role="alert">
        <h1>This page could not be loaded</h1>
        <p>The server does not answer, or was upgraded since this page was opened.</p>
        <button type="button" class="button" onClick={() => location.reload()}>
          Load it anew
        </button>
      </div>
    );
  }
  return Object.assign(LazyPage, { preload });
}
