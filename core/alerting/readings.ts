import { ascending } from '../collections.ts';
import type { Reading } from './reading.ts';
import type { CompiledRule } from './compiledRule.ts';
import type { Figures } from './figures.ts';

/**
 * The readings with those of one sample. Where there was a sample at that moment already, the lower figure counts: a
 * second in which any snapshot is below is not one in which all were above.
 *
 * @param isNew that there was none
 * @returns the very same where nothing changes
 */
export function withFigures(
  readings: readonly Reading[],
  at: number,
  figures: Figures,
  { rule: { below }, isNew }: { rule: Pick<CompiledRule, 'below'>; isNew: boolean },
): readonly Reading[] {
  const own = figures.filter(({ value }) => value >= below);
  if (isNew) {
    if (own.length === 0) return readings;
    const fresh = own.map(({ key, value }) => ({ at, key, value })).sort((a, b) => ascending(a.key, b.key));
    const newest = readings.at(-1);
    if (newest === undefined || newest.at < at) return [...readings, ...fresh];
    const place = readings.findIndex((one) => one.at > at);
    return readings.toSpliced(place === -1 ? readings.length : place, 0, ...fresh);
  }
  let changed = false;
  const agreed = readings.flatMap((reading) => {
    if (reading.at !== at) return reading;
    const value = own.find(({ key }) => key === reading.key)?.value;
    if (value !== undefined && value >= reading.value) return reading;
    changed = true;
    return value === undefined ? [] : { ...reading, value };
  });
  return changed ? agreed : readings;
}
