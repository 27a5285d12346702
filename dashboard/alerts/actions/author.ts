import { useState } from 'preact/hooks';
import { storageOf } from '../../state/session.ts';

const KEY = 'topline.author';

/** Who one is, by one's own words: tokens tell a role only. The browser remembers it. */
export function useAuthor(): { author: string; setAuthor: (author: string) => void; remember: () => void } {
  const [author, setAuthor] = useState(() => storageOf(window)?.getItem(KEY) ?? '');
  return { author, setAuthor, remember: () => storageOf(window)?.setItem(KEY, author.trim()) };
}
