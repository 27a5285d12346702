import { countText } from '../state/number.ts';

/** `0.5`, `12.3`, `1,240`: as many digits as say something. */
export function rateText(perSecond: number): string {
  return perSecond < 100 ? perSecond.toFixed(1) : countText(Math.round(perSecond));
}
