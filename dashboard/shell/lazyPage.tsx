import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { lazyModule } from './lazyModule.ts';

/**
 * A component that is fetched when it is first shown, or when it is asked to be there before that; where that fails, a word
 * of why and a way to try again.
 */
export function lazyPage<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  const { loaded, failed, need, preload } = lazyModule(load);

  function LazyPage(props: Props) {
    useEffect(need, []);
    const Page = loaded.value;
    if (Page !== undefined) return <Page {...props} />;
    if (!failed.value) return <p class="page-wait">Loading…</p>;
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
