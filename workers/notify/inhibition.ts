import { z } from 'zod';
import type { Alert } from '../../core/contracts/alerting/alert.ts';

/** Under which it is kept, of an agent, which of its alerts fire because nothing is received of it. Beside the groups. */
export function silentIdOf(agentId: string): string {
  return `~silent ${agentId}`;
}

export function isSilentId(id: string): boolean {
  return id.startsWith('~silent ');
}

const silentSchema = z.record(z.string(), z.object({ revision: z.number(), fires: z.boolean() }));

/** Alerts of an agent's silence by their ids. Those that are over are remembered until they cannot come late any more. */
export type Silent = z.output<typeof silentSchema>;

/** How long what is over is remembered: longer than a job of a dead worker lies. */
export const KEEP_SILENT_MS = 3_600_000;

export function parseSilent(text: string | undefined): Silent {
  if (text === undefined) return {};
  try {
    return silentSchema.safeParse(JSON.parse(text)).data ?? {};
  } catch {
    return {};
  }
}

/** With these alerts; the same object where that is nothing new. */
export function withSilence(silent: Silent, alerts: readonly Alert[]): Silent {
  let after = silent;
  for (const { id, revision, state } of alerts)
    if ((after[id]?.revision ?? 0) < revision)
      after = { ...after, [id]: { revision, fires: state === 'firing' } };
  return after;
}

/** Whether nothing is received of the agent. */
export function isSilent(silent: Silent): boolean {
  return Object.values(silent).some(({ fires }) => fires);
}
