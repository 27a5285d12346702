import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface Outcome {
  row: string;
  name: string;
  outcome: 'passed' | 'failed' | 'skipped';
  seconds: number;
  /** Why it was skipped, what was wrong, or what a control found. */
  notes: string[];
  figures: Record<string, number | string>;
}

export interface Report {
  /** Of the first round; each round after it has the next one. */
  seed: number;
  startedAt: string;
  seconds: number;
  outcomes: Outcome[];
}

export function describe({ row, name, outcome, seconds, notes, figures }: Outcome): string {
  const shown = Object.entries(figures).map(([figure, value]) => `${figure} ${value}`);
  return [
    `${outcome.padEnd(7)} ${row.padEnd(5)} ${name} (${seconds.toFixed(0)} s)`,
    ...(shown.length > 0 ? [`          ${shown.join(' · ')}`] : []),
    ...notes.map((note) => `          ${outcome === 'failed' ? '✗' : '-'} ${note}`),
  ].join('\n');
}

/** The table at the end: a line for each case. */
export function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ row, name, outcome, seconds, figures }) => [
    row,
    outcome,
    `${seconds.toFixed(0)} s`,
    String(figures['kills'] ?? ''),
    String(figures['acknowledged'] ?? ''),
    String(figures['lost/doubled/unexpected'] ?? ''),
    name,
  ]);
  if (outcomes.length > 1) rows.push(sumOf(outcomes));
  const all = [['row', 'outcome', 'time', 'kills', 'acknowledged', 'lost/doubled/unexp.', 'case'], ...rows];
  const widths =
    all[0]?.map((_, column) => Math.max(...all.map((cells) => (cells[column] ?? '').length))) ?? [];
  return all
    .map((cells) =>
      cells
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function sumOf(outcomes: readonly Outcome[]): string[] {
  const sum = (figure: (outcome: Outcome) => unknown) =>
    outcomes.reduce((total, outcome) => total + (Number(figure(outcome)) || 0), 0);
  return [
    'sum',
    '',
    `${sum(({ seconds }) => seconds).toFixed(0)} s`,
    String(sum(({ figures }) => figures['kills'])),
    String(sum(({ figures }) => figures['acknowledged'])),
    '',
    '',
  ];
}

export function summary(outcomes: readonly Outcome[]): string {
  const count = (wanted: Outcome['outcome']) => outcomes.filter(({ outcome }) => outcome === wanted).length;
  return `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`;
}

export async function writeReport(file: string, report: Report): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`);
}
