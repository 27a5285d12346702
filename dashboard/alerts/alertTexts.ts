import type { Alert, Culprit } from '../../core/contracts/alerting/alert.ts';
import { shareText } from '../host/figures.ts';
import { memoryText, NO_VALUE } from '../state/number.ts';
import { spanText } from '../state/time.ts';

/** A figure of an alert in the unit of its rule: `98.5 %`, `7.8 GiB`, `3 min 12 s`. */
export function amountText(value: number | null, unit: Alert['unit']): string {
  if (value === null || unit === 'none') return NO_VALUE;
  if (unit === 'percent') return `${value.toFixed(1)} %`;
  return unit === 'mb' ? memoryText(value) : spanText(value);
}

/** `ffmpeg 81 %` */
export function culpritText({ name, share }: Pick<Culprit, 'name' | 'share'>): string {
  return `${name} ${shareText(share)}`;
}
