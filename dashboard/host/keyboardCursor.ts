/** Steps of a page up or down: a tenth of what is shown. */
const PAGE = 10;

/**
 * Where a key moves the cursor of a chart: to the point before or behind, a tenth of the chart on, or to an end.
 *
 * @param place of the cursor among the points; undefined where there is none: keys begin at the end they come from
 * @returns the new place; undefined for a key that moves nothing
 */
export function movedPlace(key: string, place: number | undefined, count: number): number | undefined {
  if (count === 0) return undefined;
  const last = count - 1;
  const page = Math.max(1, Math.round(count / PAGE));
  const within = (value: number) => Math.min(last, Math.max(0, value));
  switch (key) {
    case 'ArrowLeft':
      return place === undefined ? last : within(place - 1);
    case 'ArrowRight':
      return place === undefined ? last : within(place + 1);
    case 'PageUp':
      return within((place ?? last) - page);
    case 'PageDown':
      return within((place ?? last) + page);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return undefined;
  }
}
