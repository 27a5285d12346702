import type { ComponentChildren } from 'preact';
import { useServices } from '../services.tsx';
import { Header } from './header.tsx';
import { LostBanner } from './lostBanner.tsx';

/** What is around every page. `data-link` dims what is not live while it is not (style/live.css). */
export function Shell({ children }: { children: ComponentChildren }) {
  const { link } = useServices();
  return (
    <div class="shell" data-link={link.state.value}>
      <a class="skip-link" href="#main">
        Skip to the content
      </a>
      <Header />
      <LostBanner />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
