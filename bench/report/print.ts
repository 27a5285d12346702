import { ratioTo, summarise, type ScenarioResult, type Summary } from '../results.ts';
import { alignColumns, figure } from './table.ts';

/** A scenario's tables: rates and ratios, then what each process used. */
export function describeScenario(result: ScenarioResult): string {
  const { scenario, title, thing, subjects, skipped } = result;
  const summaries = subjects.map(summarise);
  return [
    `${scenario}: ${title}`,
    ...(summaries.length > 0 ? ['', ratesTable(summaries, result), '', usageTable(summaries, thing)] : []),
    ...figuresOf(summaries),
    ...summaries.flatMap(({ subject, warnings }) => warnings.map((text) => `! ${subject}: ${text}`)),
    ...skipped.map((text) => `- ${text}`),
  ].join('\n');
}

export function ratesTable(
  summaries: readonly Summary[],
  { controls, unit }: Pick<ScenarioResult, 'controls' | 'unit'>,
): string {
  const measured = controls.filter((control) => summaries.some(({ subject }) => subject === control));
  return alignColumns([
    ['', unit, 'from', 'to', 'p50 ms', 'p99 ms', ...measured.map((control) => `× ${control}`)],
    ...summaries.map((summary) => [
      summary.subject,
      ...[summary.rate, summary.lowest, summary.highest, summary.p50Ms, summary.p99Ms].map(figure),
      ...measured.map((control) => figure(ratioTo(summaries, summary.subject, control) ?? 0)),
    ]),
  ]);
}

export function usageTable(summaries: readonly Summary[], thing: string): string {
  return alignColumns([
    ['', 'process', 'CPU s', 'cores', `µs a ${thing}`, 'peak MB'],
    ...summaries.flatMap(({ subject, roles }) =>
      roles.map(({ role, cpuSeconds, cores, microsecondsEach, peakMb }, i) => [
        i === 0 ? subject : '',
        role,
        ...[cpuSeconds, cores, microsecondsEach, peakMb].map(figure),
      ]),
    ),
  ]);
}

function figuresOf(summaries: readonly Summary[]): string[] {
  return summaries.flatMap(({ subject, figures }) => {
    const shown = Object.entries(figures).map(([name, value]) => `${name} ${figure(value)}`);
    return shown.length === 0 ? [] : [`  ${subject}: ${shown.join(' · ')}`];
  });
}
