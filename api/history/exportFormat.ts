import type { ProcessSample } from '../../core/contracts/snapshot.ts';
import type { ExportedSnapshot } from '../../core/stores/postgres/exportRows.ts';

/** How an export is written. */
export interface ExportFormat {
  mediaType: string;
  /** Of a file of it. */
  extension: 'ndjson' | 'csv';
  /** What stands before the first snapshot of an export that is not the continuation of another; may be empty. */
  header: string;
  write(snapshot: ExportedSnapshot): string;
}

/** A line a snapshot, as the routes of the agents take it. */
export const ndjson: ExportFormat = {
  mediaType: 'application/x-ndjson',
  extension: 'ndjson',
  header: '',
  write: (snapshot) => `${JSON.stringify(snapshot)}\n`,
};

type Cell = string | number;

/** Text that a spreadsheet would take for a formula, or whose first character it would swallow (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r\n'＝＋－＠]/;

const SNAPSHOT_COLUMNS = [
  'agent_id',
  'timestamp',
  'time',
  'total_cpu_percent',
  'system_memory_total_mb',
  'system_memory_used_mb',
];

/** In the order of the schema, with their place among the top processes in front. */
const PROCESS_COLUMNS = [
  'rank',
  'pid',
  'name',
  'cpu_percent',
  'memory_mb',
  'thread_count',
  'io_read_mb',
  'io_write_mb',
  'handle_count',
];

/** A row a snapshot; its lists are JSON in one column each. */
export const csvOfSnapshots: ExportFormat = csv(
  [...SNAPSHOT_COLUMNS, 'per_core_cpu_percent', 'top_processes'],
  (snapshot) => [
    [
      ...snapshotCells(snapshot),
      JSON.stringify(snapshot.per_core_cpu_percent),
      JSON.stringify(snapshot.top_processes),
    ],
  ],
);

/** A row a process; one with empty columns where a snapshot has none. */
export const csvOfProcesses: ExportFormat = csv([...SNAPSHOT_COLUMNS, ...PROCESS_COLUMNS], (snapshot) => {
  const cells = snapshotCells(snapshot);
  const { top_processes: processes } = snapshot;
  if (processes.length === 0) return [[...cells, ...PROCESS_COLUMNS.map(() => '')]];
  return processes.map((process, place) => [...cells, place + 1, ...processCells(process)]);
});

function csv(columns: string[], rowsOf: (snapshot: ExportedSnapshot) => Cell[][]): ExportFormat {
  return {
    mediaType: 'text/csv; charset=utf-8',
    extension: 'csv',
    header: lineOf(columns),
    write: (snapshot) => rowsOf(snapshot).map(lineOf).join(''),
  };
}

function snapshotCells(snapshot: ExportedSnapshot): Cell[] {
  return [
    snapshot.agent_id,
    snapshot.timestamp,
    timeOf(snapshot.timestamp),
    snapshot.total_cpu_percent,
    snapshot.system_memory_total_mb,
    snapshot.system_memory_used_mb,
  ];
}

function processCells(process: ProcessSample): Cell[] {
  return [
    process.pid,
    process.name,
    process.cpu_percent,
    process.memory_mb,
    process.thread_count,
    process.io_read_mb,
    process.io_write_mb,
    process.handle_count,
  ];
}

/** Empty for what a calendar cannot name, such as a timestamp in milliseconds. */
function timeOf(epochSeconds: number): string {
  const date = new Date(epochSeconds * 1000);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().replace('.000Z', 'Z');
}

/** RFC 4180: CRLF behind each line. */
function lineOf(cells: Cell[]): string {
  return `${cells.map((cell) => (typeof cell === 'number' ? String(cell) : quote(defuse(cell)))).join(',')}\r\n`;
}

/**
 * With an apostrophe in front of what a spreadsheet would compute: a process can be called `=cmd|…`. So that it can be
 * taken away again without a doubt, text that begins with one gets one, too.
 */
function defuse(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
