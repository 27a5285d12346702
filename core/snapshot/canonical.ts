import {
  AGENT_ID_PATTERN,
  MAX_CORES,
  MAX_NAME_LENGTH,
  MAX_PROCESSES,
  processSampleSchema,
  snapshotSchema,
  type ProcessSample,
  type Snapshot,
} from '../contracts/snapshot.ts';

/** The one field that may be left out; it comes last. */
const AGENT_ID = 'agent_id';
const SNAPSHOT_KEYS = Object.keys(snapshotSchema.shape).filter((key) => key !== AGENT_ID);
const PROCESS_KEYS = Object.keys(processSampleSchema.shape);

/**
 * Whether a value is just what `snapshotSchema` would make of it: every field there, in the schema's order and within
 * its bounds, and no other. Agents send nothing else, and this costs a fiftieth of what the schema does; whatever it
 * does not know by sight is for the schema to judge. The two are held together by a property test.
 */
export function isCanonicalSnapshot(value: unknown): value is Snapshot {
  if (typeof value !== 'object' || value === null) return false;
  const given = value as Partial<Record<keyof Snapshot, unknown>>;
  return (
    hasKeys(value, SNAPSHOT_KEYS, given.agent_id === undefined ? undefined : AGENT_ID) &&
    isCount(given.timestamp) &&
    isAmount(given.total_cpu_percent) &&
    given.total_cpu_percent <= 100 &&
    isList(given.per_core_cpu_percent, MAX_CORES, Number.isFinite) &&
    isAmount(given.system_memory_total_mb) &&
    isAmount(given.system_memory_used_mb) &&
    isList(given.top_processes, MAX_PROCESSES, isCanonicalProcess) &&
    (given.agent_id === undefined ||
      (typeof given.agent_id === 'string' && AGENT_ID_PATTERN.test(given.agent_id)))
  );
}

function isCanonicalProcess(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const given = value as Record<string, unknown>;
  return (
    hasKeys(value, PROCESS_KEYS) &&
    Number.isSafeInteger(given['pid']) &&
    isStorableText(given['name']) &&
    isAmount(given['cpu_percent']) &&
    isAmount(given['memory_mb']) &&
    isCount(given['thread_count']) &&
    isAmount(given['io_read_mb']) &&
    isAmount(given['io_write_mb']) &&
    isCount(given['handle_count'])
  );
}

/** Whether an object has these keys in this order, then the optional one, and no other. */
function hasKeys(value: object, keys: readonly string[], optional?: string): boolean {
  let place = 0;
  for (const key in value) {
    if (key !== (place < keys.length ? keys[place] : optional)) return false;
    place += 1;
  }
  return place === keys.length + (optional === undefined ? 0 : 1);
}

function isList(value: unknown, maxLength: number, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= maxLength && value.every(isItem);
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isStorableText(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.length <= MAX_NAME_LENGTH &&
    !value.includes('\u0000') &&
    value.isWellFormed()
  );
}

// What JSON.stringify writes of a canonical snapshot, as far as it can be told by sight: numbers of at most 15 digits, six of
// them decimals, which are all that agents measure and which come back from being read as they were; texts of ASCII
// without an escape.
const COUNT = '(?:0|[1-9]\\d{0,14})';
const DECIMALS = '(?:\\.\\d{0,5}[1-9])?';
const AMOUNT = `(?:0|[1-9]\\d{0,8})${DECIMALS}`;
const PERCENT = `(?:100|(?:0|[1-9]\\d?)${DECIMALS})`;
const NAME = `"[ !#-[\\]-~]{0,${MAX_NAME_LENGTH}}"`;

const listOf = (item: string, most: number) => `\\[(?:${item}(?:,${item}){0,${most - 1}})?\\]`;
const objectOf = (fields: Record<string, string>) =>
  Object.entries(fields)
    .map(([key, value]) => `"${key}":${value}`)
    .join(',');

const PROCESS_JSON = objectOf({
  pid: COUNT,
  name: NAME,
  cpu_percent: AMOUNT,
  memory_mb: AMOUNT,
  thread_count: COUNT,
  io_read_mb: AMOUNT,
  io_write_mb: AMOUNT,
  handle_count: COUNT,
} satisfies Record<keyof ProcessSample, string>);

const SNAPSHOT_JSON = objectOf({
  timestamp: COUNT,
  total_cpu_percent: PERCENT,
  per_core_cpu_percent: listOf(AMOUNT, MAX_CORES),
  system_memory_total_mb: AMOUNT,
  system_memory_used_mb: AMOUNT,
  top_processes: listOf(`\\{${PROCESS_JSON}\\}`, MAX_PROCESSES),
} satisfies Record<Exclude<keyof Snapshot, typeof AGENT_ID>, string>);

const CANONICAL_JSON = new RegExp(
  `^\\{${SNAPSHOT_JSON}(?:,"${AGENT_ID}":"${AGENT_ID_PATTERN.source.slice(1, -1)}")?\\}$`,
);

/**
 * Whether a text is just what JSON.stringify makes of a canonical snapshot, so that reading and writing it again would
 * change nothing. True only where it is, and then it is ASCII; false also of what is unusual, which then has to be read.
 */
export function isCanonicalJson(text: string): boolean {
  return CANONICAL_JSON.test(text);
}
