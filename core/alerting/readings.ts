import { ascending } from '../collections.ts';
import type { CoursePoint, Reading } from './agentAlerting.ts';
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

/** Hundredths, as agents measure: a course is kept in them, and judged by the same. */
const COURSE_UNITS = 100;

/** The course with one point more; of two at one moment the lower counts. */
export function withPoint(
  course: readonly CoursePoint[],
  at: number,
  figure: number,
): readonly CoursePoint[] {
  const value = Math.round(figure * COURSE_UNITS) / COURSE_UNITS;
  const newest = course.at(-1);
  if (newest === undefined || newest.at < at) return [...course, { at, value }];
  const place = course.findIndex((point) => point.at >= at);
  const known = course[place];
  if (known?.at !== at) return course.toSpliced(place, 0, { at, value });
  return known.value <= value ? course : course.with(place, { at, value });
}

/** How far a figure is above its lowest of the time before, at the points behind `after`. */
export function readingsOfCourse(
  course: readonly CoursePoint[],
  { below, change }: CompiledRule,
  after: number,
): Reading[] {
  const within = change?.withinSeconds ?? 0;
  const readings: Reading[] = [];
  // Places of points of which none behind is lower: the first is the lowest of those that are not too old.
  const lowest: number[] = [];
  let first = 0;
  for (const [place, { at, value }] of course.entries()) {
    while (lowest.length > first && (course[lowest.at(-1) ?? 0]?.value ?? 0) >= value) lowest.pop();
    lowest.push(place);
    while ((course[lowest[first] ?? 0]?.at ?? at) < at - within) first += 1;
    const rise =
      Math.round((value - (course[lowest[first] ?? 0]?.value ?? value)) * COURSE_UNITS) / COURSE_UNITS;
    if (at > after && rise >= below) readings.push({ at, key: 0, value: rise });
  }
  return readings;
}
