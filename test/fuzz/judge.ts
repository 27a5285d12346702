import { isPathStep, snapshotSchema } from '../../core/contracts/snapshot.ts';

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** What is wrong with an answer, whatever was asked; undefined where nothing is. */
export function faultOf({ status, headers, body }: Reply, { hasBody = true } = {}): string | undefined {
  // The stores are there all the time, so nothing may be out of reach either.
  if (status >= 500) return `answered ${status}: ${body.slice(0, 300)}`;
  if (status < 400 || !hasBody) return undefined;
  const told = parse(body) as { detail?: unknown; errors?: unknown } | undefined;
  const isProblem = String(headers['content-type']).includes('problem+json') && Array.isArray(told?.errors);
  if (isProblem || (typeof told?.detail === 'string' && told.detail !== '')) return undefined;
  if (Array.isArray(told?.detail) && told.detail.length > 0) return undefined;
  return `answered ${status} without a detail: ${JSON.stringify(body.slice(0, 300))}`;
}

/** Whether a body is a snapshot that the service must take. */
export function isSnapshot(body: Buffer): boolean {
  return isTakable(parse(body.toString('utf8')));
}

/** Whether its agent has an id that no address could name: refused, unless a header says otherwise. */
export function isOfPathStep(body: Buffer): boolean {
  const value = parse(body.toString('utf8'));
  return isObject(value) && isPathStep(String(value['agent_id']));
}

/** What a batch holds, by its media type: `undefined` in place of a line that is no JSON; undefined for no batch. */
export function batchOf(body: Buffer, isLines: boolean): unknown[] | undefined {
  const text = body.toString('utf8');
  if (!isLines) {
    const value = parse(text);
    return Array.isArray(value) ? (value as unknown[]) : undefined;
  }
  return text
    .split('\n')
    .filter((line) => /[^\t\r ]/.test(line))
    .map(parse);
}

/** Whether the service must take a batch: it is of an agent that only its header names, if any. */
export function isTakableBatch(values: readonly unknown[]): boolean {
  return (
    values.length > 0 &&
    values.length <= 1_000 &&
    values.every(
      (value) =>
        isTakable(value) &&
        isObject(value) &&
        !('agent_id' in value) &&
        JSON.stringify(value).length < 65_536,
    )
  );
}

export function isTakable(value: unknown): boolean {
  const parsed = snapshotSchema.safeParse(value);
  return parsed.success && parsed.data.timestamp <= Date.now() / 1000 + 600;
}

/** What the contract forbids in a snapshot that was taken, said apart from the schema; undefined where nothing is. */
export function contractFault(body: Buffer): string | undefined {
  return contractFaultOf(parse(body.toString('utf8')));
}

export function contractFaultOf(value: unknown): string | undefined {
  if (!isObject(value)) return 'took what is no object';
  const number = (given: unknown, min: number, max = Infinity) =>
    typeof given === 'number' && Number.isFinite(given) && given >= min && given <= max;
  const optional = (given: unknown, check: (given: unknown) => boolean) =>
    given === undefined || check(given);
  if (!number(value['timestamp'], 0) || !Number.isInteger(value['timestamp']))
    return 'took a wrong timestamp';
  if (!number(value['total_cpu_percent'], 0, 100)) return 'took a wrong total_cpu_percent';
  for (const name of ['system_memory_total_mb', 'system_memory_used_mb'])
    if (!optional(value[name], (given) => number(given, 0))) return `took a wrong ${name}`;
  const cores = value['per_core_cpu_percent'] ?? [];
  if (!Array.isArray(cores) || !cores.every((core) => number(core, -Infinity))) return 'took wrong cores';
  const processes = value['top_processes'] ?? [];
  if (!Array.isArray(processes) || processes.length > 12) return 'took wrong processes';
  for (const process of processes as unknown[]) {
    if (!isObject(process) || !Number.isInteger(process['pid'])) return 'took a process without a pid';
    const name = process['name'];
    if (typeof name !== 'string' || name.includes('\0') || /[\ud800-\udfff]/u.test(name))
      return 'took a name that cannot be stored';
    for (const field of ['cpu_percent', 'memory_mb'])
      if (!number(process[field], 0)) return `took a wrong ${field}`;
    for (const field of ['thread_count', 'handle_count', 'io_read_mb', 'io_write_mb'])
      if (!optional(process[field], (given) => number(given, 0))) return `took a wrong ${field}`;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
