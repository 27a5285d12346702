import type { HistoryPoint } from '../../../core/contracts/history.ts';
import type { DryRun } from '../../../core/contracts/alerting/views.ts';
import type { ShadedWindow } from '../../host/alertPaint.ts';
import { niceTop } from '../../host/figures.ts';

/** What of a host is drawn below the windows in which a rule would have fired. */
export interface DryRunFigure {
  title: string;
  unit: '%' | 'MB';
  read(point: HistoryPoint): number;
  /** The highest of a step. */
  readMost(point: HistoryPoint): number;
  /** Undefined where the figure is not the one that the rule compares. */
  threshold: number | undefined;
}

export const CPU = {
  title: 'CPU',
  unit: '%',
  read: ({ cpu }: HistoryPoint) => cpu.avg,
  readMost: ({ cpu }: HistoryPoint) => cpu.max,
} as const;

export const MEMORY_MB = {
  title: 'Memory used',
  unit: 'MB',
  read: ({ memory }: HistoryPoint) => memory.avg,
  readMost: ({ memory }: HistoryPoint) => memory.max,
} as const;

const ofTotal = (mb: number, total: number) => (total > 0 ? (100 * mb) / total : 0);

export const MEMORY_PERCENT = {
  title: 'Memory used',
  unit: '%',
  read: ({ memory }: HistoryPoint) => ofTotal(memory.avg, memory.total),
  readMost: ({ memory }: HistoryPoint) => ofTotal(memory.max, memory.total),
} as const;

/** Where the scale ends, so that both the course and the threshold can be seen. */
export function topOf(
  { unit, readMost, threshold = 0 }: DryRunFigure,
  points: readonly HistoryPoint[],
): number {
  if (unit === '%') return 100;
  return niceTop(Math.max(threshold * 1.1, ...points.map(readMost)), 1);
}

/** The windows of one host; one that goes on at the end of what was judged has no end. */
export function windowsOf(run: DryRun, agent: string, threshold: number | undefined): ShadedWindow[] {
  const alerts = run.agents.find(({ agent_id }) => agent_id === agent)?.alerts ?? [];
  return alerts.map(({ started_at, resolved_at }) => ({
    from: started_at,
    to: resolved_at ?? undefined,
    threshold,
  }));
}
