/** No value: an en dash, and never a zero that nobody measured. */
export const NO_VALUE = '–';

/** `45.2`, of a percentage; the sign is set beside it. */
export function percentText(percent: number | null | undefined): string {
  return percent === null || percent === undefined ? NO_VALUE : percent.toFixed(1);
}

/** Mebibytes as people read them: `812 MiB`, `7.8 GiB`, `1.5 TiB`. */
export function memoryText(mb: number | null | undefined): string {
  if (mb === null || mb === undefined) return NO_VALUE;
  if (mb < 1024) return `${Math.round(mb)} MiB`;
  const [value, unit] = mb < 1024 * 1024 ? [mb / 1024, 'GiB'] : [mb / 1024 / 1024, 'TiB'];
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** How much of how much: `7.7 of 23.5 GiB`, `812 MiB of 7.8 GiB`. */
export function memoryOfText(usedMb: number, totalMb: number): string {
  const [used, total] = [memoryText(usedMb), memoryText(totalMb)];
  const [figure, unit] = used.split(' ');
  return total.endsWith(` ${unit}`) ? `${figure} of ${total}` : `${used} of ${total}`;
}

const COUNT = new Intl.NumberFormat('en-GB');

/** `1,000` */
export function countText(count: number): string {
  return COUNT.format(count);
}

/** `1 host`, `1,000 hosts` */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** How hot a CPU is: what colour its bar has. `hot` begins where the usual alert does. */
export function heatOf(percent: number): 'calm' | 'warm' | 'hot' {
  if (percent >= 90) return 'hot';
  return percent >= 70 ? 'warm' : 'calm';
}
