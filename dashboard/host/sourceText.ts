import type { HostHistory } from '../../core/contracts/history.ts';
import type { Tier } from '../../core/contracts/historyTerms.ts';

const TIER_TEXT: Record<Tier, string> = {
  raw: 'every snapshot',
  minutes: 'minutes',
  hours: 'hours',
};

const STEP_UNITS: Record<string, string> = { s: 's', m: 'min', h: 'h', d: 'd' };

/** `each snapshot`, `10 s`, `5 min`: how far apart points are. */
export function stepText(step: string): string {
  if (step === 'raw') return 'each snapshot';
  const [, count, unit = 's'] = /^(\d+)([smhd])$/.exec(step) ?? [];
  return count === undefined ? step : `${count} ${STEP_UNITS[unit] ?? unit}`;
}

/** How fine the answer is and where it was read: `1 min steps, from minutes and every snapshot`. */
export function sourceText({ step, tiers }: Pick<HostHistory, 'step' | 'tiers'>): string {
  const names = [...new Set(tiers.map(({ tier }) => TIER_TEXT[tier]))];
  const from = names.length === 0 ? '' : `, from ${names.join(' and ')}`;
  return step === 'raw'
    ? `Each snapshot${from === '' ? '' : ', as it was stored'}`
    : `${stepText(step)} steps${from}`;
}

/** Seconds of a step as the API writes it. */
export function stepSeconds(step: string): number {
  if (step === 'raw') return 1;
  const [, count, unit = 's'] = /^(\d+)([smhd])$/.exec(step) ?? [];
  return Number(count ?? 1) * ({ s: 1, m: 60, h: 3_600, d: 86_400 }[unit] ?? 1);
}
