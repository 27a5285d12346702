/** Who last signed something in this browser: nobody types their name each time. */
const KEY = 'topline.author';

export function knownAuthor(storage: Storage | undefined): string {
  return storage?.getItem(KEY) ?? '';
}

export function keepAuthor(storage: Storage | undefined, author: string): void {
  storage?.setItem(KEY, author);
}
