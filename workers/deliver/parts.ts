import type { DeliveryPart } from '../../core/contracts/alerting/notification.ts';
import type { Outcome } from './outcome.ts';

/** What became of one part of a message, to one recipient or about one alert, in this attempt or in one before. */
export interface PartOutcome {
  to: string;
  outcome: Outcome;
}

/** What is remembered of the parts of a message from one attempt to the next. */
export interface Progress {
  /** Those that nothing is left to do of, by whom they are to. */
  done: ReadonlyMap<string, DeliveryPart>;
  note(parts: readonly DeliveryPart[]): Promise<void>;
}

/** Nothing was sent before, and nobody will ask. */
export const NO_PROGRESS: Progress = { done: new Map(), note: async () => undefined };

const MAX_DETAIL = 1_000;

export function partOf({ to, outcome }: PartOutcome): DeliveryPart {
  return {
    to,
    state: outcome.result === 'again' ? 'waiting' : outcome.result,
    status: outcome.status,
    detail: 'detail' in outcome ? outcome.detail : null,
  };
}

/** Those that nothing is left to do of, so that they are not sent again with the others. */
export function finishedParts(parts: readonly DeliveryPart[]): DeliveryPart[] {
  return parts.filter(({ state }) => state !== 'waiting');
}

/**
 * What became of a message by its parts: it is delivered once all are, and waits while one does. One that was refused for good
 * keeps no other from its next attempt.
 *
 * @param before parts that were done in attempts before
 */
export function outcomeOfParts(before: readonly DeliveryPart[], now: readonly PartOutcome[]): Outcome {
  const parts = [...before, ...now.map(partOf)];
  const missed = parts.filter(({ state }) => state !== 'delivered');
  const taken = parts.length - missed.length;
  const [last] = now.slice(-1);
  const status = missed[0]?.status ?? last?.outcome.status ?? null;
  if (missed.length === 0) return { result: 'delivered', status, ...(before.length === 0 ? {} : { parts }) };
  const why = missed.map(({ to, detail }) => `${to}: ${detail ?? 'not taken'}`).join('; ');
  const detail = parts.length === 1 ? (missed[0]?.detail ?? '') : `${taken} of ${parts.length} taken; ${why}`;
  const said = { status, detail: detail.slice(0, MAX_DETAIL), ...(parts.length === 1 ? {} : { parts }) };
  const waiting = now.flatMap(({ outcome }) => (outcome.result === 'again' ? [outcome] : []));
  if (waiting.length === 0) return { result: 'failed', ...said };
  const pauses = waiting.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return {
    result: 'again',
    ...said,
    ...(pauses.length === 0 ? {} : { retryAfterMs: Math.max(...pauses) }),
    ...(now.some(({ outcome }) => outcome.result !== 'again') ? { isAlive: true } : {}),
  };
}
