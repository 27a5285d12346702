import type { Alert } from '../../core/contracts/alerting/alert.ts';

/**
 * A time of an alert by the clock of the server, epoch ms. Alerts have the times of the agent's snapshots; one that was
 * decided on a sample from the future shows how far the agent's clock is ahead. That it is behind does not show: what comes
 * late looks the same.
 */
export function serverMs({ last_sample_at, decided_at_ms }: Alert, agentSeconds: number): number {
  const aheadMs = Math.max(0, last_sample_at * 1000 - decided_at_ms);
  return agentSeconds * 1000 - aheadMs;
}
