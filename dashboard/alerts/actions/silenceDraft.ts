import type { Alert } from '../../../core/contracts/alerting/alert.ts';
import type { SilenceBody } from '../../../core/contracts/alerting/silence.ts';

/** How long, and of what: as the form offers it. */
export const LENGTHS = [
  { name: '1h', words: '1 hour' },
  { name: '4h', words: '4 hours' },
  { name: 'tomorrow', words: 'until tomorrow, 09:00' },
] as const;

export type Length = (typeof LENGTHS)[number]['name'];

export const SCOPES = ['alert', 'host', 'rule'] as const;

export type Scope = (typeof SCOPES)[number];

/** The hour of the next day at which people are back, by their own clock. */
const BACK_AT_HOUR = 9;

type Silenced = Pick<Alert, 'agent_id' | 'rule_id'>;

/** What a silence is for, in words. */
export function scopeText(scope: Scope, { agent_id, rule_id }: Silenced): string {
  if (scope === 'host') return `every alert of ${agent_id}`;
  return scope === 'rule' ? `${rule_id} on every host` : `${rule_id} on ${agent_id}`;
}

/** Epoch seconds at which it ends. */
export function endOf(length: Length, nowSeconds: number): number {
  if (length !== 'tomorrow') return nowSeconds + Number.parseInt(length, 10) * 3_600;
  const day = new Date(nowSeconds * 1000);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1, BACK_AT_HOUR).getTime() / 1000;
}

export interface SilenceDraft {
  scope: Scope;
  length: Length;
  author: string;
  comment: string;
}

/** What is asked of the API; it begins at once. */
export function bodyOf(
  { scope, length, author, comment }: SilenceDraft,
  { agent_id, rule_id }: Silenced,
  nowSeconds: number,
): SilenceBody {
  return {
    match: {
      agents: scope === 'rule' ? ['*'] : [agent_id],
      rules: scope === 'host' ? [] : [rule_id],
    },
    ends_at: endOf(length, nowSeconds),
    author: author.trim(),
    comment: comment.trim(),
  };
}
