import { useEffect } from 'preact/hooks';

/** What the tab says: the page's title before the product's name. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = title === '' ? 'Topline' : `${title} · Topline`;
  }, [title]);
}
