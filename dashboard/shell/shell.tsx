import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useServices } from '../services.tsx';
import { Header } from './header.tsx';
import { LostBanner } from './lostBanner.tsx';

/** What is around every page. `data-link` dims what is not live while it is not (style/live.css). */
export function Shell({ children }: { children: ComponentChildren }) {
  const { link, view } = useServices();
  const main = useRef<HTMLElement>(null);
  const path = view.path.value;
  const shown = useRef(path);
  // Another page begins at its beginning, also for those who hear it or go through it by keys.
  useEffect(() => {
    if (shown.current !== path) main.current?.focus({ preventScroll: true });
    shown.current = path;
  }, [path]);
  return (
    <div class="shell" data-link={link.state.value}>
      <a class="skip-link" href="#main">
        Skip to the content
      </a>
      <Header />
      <LostBanner />
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
