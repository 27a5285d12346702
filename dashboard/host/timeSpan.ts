/** A stretch of time in epoch seconds; `to` is not in it. */
export interface TimeSpan {
  from: number;
  to: number;
}

/** The ranges that end now, as the URL names them. */
export const RANGES = [
  { name: '5m', seconds: 300, text: '5 min' },
  { name: '1h', seconds: 3_600, text: '1 h' },
  { name: '6h', seconds: 21_600, text: '6 h' },
  { name: '24h', seconds: 86_400, text: '24 h' },
  { name: '7d', seconds: 604_800, text: '7 d' },
  { name: '30d', seconds: 2_592_000, text: '30 d' },
] as const;

export type RangeName = (typeof RANGES)[number]['name'];

/** What is looked at: the time up to now, or a stretch of one's own. */
export type Range = RangeName | TimeSpan;

/** Shortest stretch that can be looked into, in seconds: some ten snapshots of the usual agent. */
export const MIN_SPAN_SECONDS = 20;

/** How much of a range lies before a moment that is held on to, once the time has gone on. */
const BEFORE_PIN = 0.1;

export function secondsOf(name: RangeName): number {
  return RANGES.find((range) => range.name === name)?.seconds ?? RANGES[0].seconds;
}

/**
 * The time that is shown. A range that ends now moves with it, until a pinned moment would be at its left edge: there it
 * stays, so that an address with a moment in it shows that moment whenever it is opened.
 */
export function spanOf(range: Range, pinned: number | undefined, nowSeconds: number): TimeSpan {
  if (typeof range === 'object') return range;
  const length = secondsOf(range);
  const held = pinned === undefined ? nowSeconds : Math.floor(pinned + length * (1 - BEFORE_PIN));
  const to = Math.min(held, nowSeconds);
  return { from: to - length, to };
}

/** Whether a span goes on with the time. */
export function isLive(range: Range, pinned: number | undefined, nowSeconds: number): boolean {
  return typeof range === 'string' && spanOf(range, pinned, nowSeconds).to === nowSeconds;
}

/** The span between two moments that were dragged over: in order, whole seconds, not too short, and not in the future. */
export function draggedSpan(a: number, b: number, nowSeconds: number): TimeSpan {
  const to = Math.min(Math.ceil(Math.max(a, b)), Math.ceil(nowSeconds));
  const from = Math.floor(Math.min(a, b));
  return to - from >= MIN_SPAN_SECONDS ? { from, to } : widened((from + to) / 2, nowSeconds);
}

function widened(middle: number, nowSeconds: number): TimeSpan {
  const to = Math.min(Math.ceil(middle + MIN_SPAN_SECONDS / 2), Math.ceil(nowSeconds));
  return { from: to - MIN_SPAN_SECONDS, to };
}
