// What the API and its page have to agree on about the past. Without zod, so that the page's bundle can have it.

/** Longest a snapshot can stand for, in seconds, and so the furthest that its figures depend on another's presence. */
export const MAX_HOLD_SECONDS = 90;

/** The steps that are chosen from, as they are written, each with its seconds. `raw` is as fine as snapshots have a time. */
export const STEPS = [
  { name: 'raw', seconds: 1 },
  { name: '10s', seconds: 10 },
  { name: '1m', seconds: 60 },
  { name: '5m', seconds: 300 },
  { name: '15m', seconds: 900 },
  { name: '1h', seconds: 3_600 },
  { name: '6h', seconds: 21_600 },
  { name: '1d', seconds: 86_400 },
] as const;

/** What processes are put in order by. */
export const TOP_BY = ['cpu', 'memory', 'io'] as const;
export type TopBy = (typeof TOP_BY)[number];

/** Where history is read from, finest first: rows of snapshots, or buckets of a minute or an hour. */
export const TIERS = ['raw', 'minutes', 'hours'] as const;
export type Tier = (typeof TIERS)[number];
