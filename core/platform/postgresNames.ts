/** PostgreSQL cuts longer names off without a word. */
const MAX_NAME_LENGTH = 63;

/** The name as an identifier inside SQL, whatever it holds. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A name derived from another, such as `metrics_snapshots_pkey`: where it would be too long, its beginning is cut. */
export function deriveName(name: string, suffix: string): string {
  return name.slice(0, MAX_NAME_LENGTH - suffix.length) + suffix;
}

export const PACKED_SUFFIX = '_packed';

/** The table behind the view POSTGRES_TABLE: it has the rows, with their cores and processes packed. */
export function packedTableOf(view: string): string {
  return deriveName(view, PACKED_SUFFIX);
}
