import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScenarioResult } from '../results.ts';
import { summarise } from '../results.ts';
import { drawChart } from './chart.ts';

/** Everything that was measured, and on what. */
export interface Report {
  startedAt: string;
  command: string;
  machine: Record<string, string | number>;
  scenarios: ScenarioResult[];
}

/** Writes the figures and the chart, named by when the run began; resolves to the names of both. */
export async function writeReport(directory: string, report: Report): Promise<string[]> {
  await mkdir(directory, { recursive: true });
  const stem = join(directory, report.startedAt.slice(0, 19).replaceAll(':', '-'));
  const scenarios = report.scenarios.map((result) => ({
    ...result,
    summaries: result.subjects.map(summarise),
  }));
  await writeFile(`${stem}.json`, `${JSON.stringify({ ...report, scenarios }, undefined, 2)}\n`);
  await writeFile(`${stem}.svg`, drawChart(report.scenarios));
  return [`${stem}.json`, `${stem}.svg`];
}
