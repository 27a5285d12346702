import type { QueuedRow } from '../../core/contracts/queues.ts';

/** An accepted snapshot on its way to the queues. */
export interface IntakeItem {
  row: QueuedRow;
  /**
   * What is `live` goes out on the live channel. What is `late` is stored and judged, behind everything live; what is
   * `stale` came too late to be judged, and is stored only.
   */
  age: 'live' | 'late' | 'stale';
}

/** Items of one request that are enqueued together. */
export interface RequestPart {
  items: readonly IntakeItem[];
  /** Those the alerts stage gets with this part. */
  judged: readonly IntakeItem[];
  /** That its items take in one job, roughly. */
  bytes: number;
  isHistory: boolean;
}

/** What a row takes in a job beside its measurements, roughly: names and figures. */
const ROW_BYTES = 256;

/** Bounds of one job, so that it stays small next to a worker's lock time and to Redis' buffers. */
export const MAX_JOB_ITEMS = 500;
export const MAX_JOB_BYTES = 1024 * 1024;

/**
 * The snapshots of one request as parts that fit into a job each, what is live apart from history. Only the alerts
 * stage gets the live ones of a request with its history: judged before it, a window would seem to last since before the
 * gap that the history fills.
 */
export function splitRequest(items: readonly IntakeItem[]): RequestPart[] {
  const [only] = items;
  if (items.length === 1 && only !== undefined && only.age === 'live')
    return [{ items, judged: items, bytes: bytesOf(only), isHistory: false }];
  const live = items.filter(({ age }) => age === 'live');
  const late = cut(items.filter(({ age }) => age !== 'live'));
  const history = late.map((part, i) => {
    const judged = part.items.filter(({ age }) => age === 'late');
    return { ...part, judged: i === 0 ? [...judged, ...live] : judged, isHistory: true };
  });
  const rest = cut(live).map((part) => {
    return { ...part, judged: late.length > 0 ? [] : part.items, isHistory: false };
  });
  return [...rest, ...history];
}

function cut(items: readonly IntakeItem[]): { items: IntakeItem[]; bytes: number }[] {
  const parts: { items: IntakeItem[]; bytes: number }[] = [];
  let part: { items: IntakeItem[]; bytes: number } | undefined;
  for (const item of items) {
    const bytes = bytesOf(item);
    if (part === undefined || part.items.length >= MAX_JOB_ITEMS || part.bytes + bytes > MAX_JOB_BYTES)
      parts.push((part = { items: [], bytes: 0 }));
    part.items.push(item);
    part.bytes += bytes;
  }
  return parts;
}

function bytesOf({ row }: IntakeItem): number {
  return ROW_BYTES + row.measurements.length;
}
