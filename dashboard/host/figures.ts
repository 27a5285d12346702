import { NO_VALUE } from '../state/number.ts';

/** `98.2 %` */
export function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? NO_VALUE : `${value.toFixed(1)} %`;
}

/** `34 %`, of a part of one. */
export function shareText(share: number | null | undefined): string {
  if (share === null || share === undefined) return NO_VALUE;
  const value = share * 100;
  return `${value > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}

/** CPU time, by one unit, so that it stays short: `8.4 s`, `104 s`, `34 min`, `5.2 h`. */
export function cpuTimeText(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 600) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(seconds < 36_000 ? 1 : 0)} h`;
}

/** Of reads and writes: `0`, `1.4 MB`, `211 GB`. */
export function dataText(mb: number): string {
  if (mb === 0) return '0';
  const [value, unit] =
    mb < 1_000 ? [mb, 'MB'] : mb < 1_000_000 ? [mb / 1_000, 'GB'] : [mb / 1_000_000, 'TB'];
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** `1.4 MB/s` */
export function rateText(mbPerSecond: number | null | undefined): string {
  if (mbPerSecond === null || mbPerSecond === undefined) return NO_VALUE;
  return `${mbPerSecond < 10 ? mbPerSecond.toFixed(2) : mbPerSecond.toFixed(0)} MB/s`;
}

/** The smallest of 1, 2 and 5 times a power of ten that is no less. */
export function niceTop(value: number, least: number): number {
  const wanted = Math.max(value, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return ([1, 2, 5, 10].find((factor) => factor * power >= wanted) ?? 10) * power;
}
