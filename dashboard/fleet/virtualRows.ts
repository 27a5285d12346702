import {
  observeWindowOffset,
  observeWindowRect,
  Virtualizer,
  windowScroll,
  type VirtualItem,
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Rows painted above and below what can be seen. */
const OVERSCAN = 8;

export interface VirtualRows {
  /** Those to be in the document, each with its `start` in px below the list's own top. */
  items: { index: number; start: number }[];
  /** Height of all rows, in px. */
  height: number;
}

/** Which rows of a long list are on the screen, or nearly, as the window is scrolled. */
export function useVirtualRows(
  list: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): VirtualRows {
  const [, repaint] = useState(0);
  const top = useRef(0);
  const instance = useRef<Virtualizer<Window, Element>>(undefined);
  const options = {
    count,
    estimateSize: () => rowHeight,
    getScrollElement: (): Window => window,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    scrollToFn: windowScroll,
    initialRect: { width: window.innerWidth, height: window.innerHeight },
    initialOffset: () => window.scrollY,
    overscan: OVERSCAN,
    scrollMargin: top.current,
    onChange: () => repaint((n) => n + 1),
  };
  instance.current ??= new Virtualizer<Window, Element>(options);
  const virtualizer = instance.current;
  virtualizer.setOptions(options);

  useLayoutEffect(() => {
    // Where the list begins, below the header and whatever notice there is.
    const at = Math.round((list.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
    if (at === top.current) return;
    top.current = at;
    repaint((n) => n + 1);
  });
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowHeight]);
  useLayoutEffect(() => virtualizer._willUpdate());
  useEffect(() => virtualizer._didMount(), [virtualizer]);

  return {
    items: virtualizer.getVirtualItems().map(({ index, start }: VirtualItem) => ({
      index,
      start: start - top.current,
    })),
    height: virtualizer.getTotalSize(),
  };
}
