import type { Alert } from '../../core/contracts/alerting/alert.ts';
import type { Notice } from '../../core/contracts/alerting/notice.ts';

/** 2024-02-11 16:00 UTC, when the alerts of the tests began. */
export const ALERT_START = 1_707_667_200;

/** An alert that fires, with some fields of one's own. */
export function alert(own: Partial<Alert> = {}): Alert {
  const agent_id = own.agent_id ?? 'web-01';
  const rule_id = own.rule_id ?? 'cpu-hot';
  return {
    id: `${rule_id}:${agent_id}:${ALERT_START}`,
    revision: 1,
    rule_id,
    rule_version: 3,
    rule_name: 'CPU is hot',
    severity: 'critical',
    agent_id,
    labels: { env: 'prod' },
    state: 'firing',
    started_at: ALERT_START,
    fired_at: ALERT_START + 10,
    resolved_at: null,
    decided_at_ms: (ALERT_START + 10) * 1000 + 120,
    last_sample_at: ALERT_START + 10,
    no_data_since: null,
    unit: 'percent',
    threshold: 90,
    value: 94.5,
    peak: 98,
    average: 95.25,
    duration_seconds: 10,
    samples: 6,
    gaps: 0,
    culprits: [
      {
        name: 'ffmpeg',
        pid: 4242,
        cpu_seconds: 31.5,
        share: 0.81,
        peak_cpu_percent: 380.5,
        peak_memory_mb: 512.25,
      },
    ],
    flapping: false,
    summary: `${agent_id}: CPU at 94.5 % for 10 s, mostly ffmpeg`,
    ...own,
  };
}

/** A notice that an alert fires, with some fields of one's own. */
export function notice(own: Partial<Notice> = {}): Notice {
  return {
    kind: 'firing',
    route_id: 'all',
    group: 'web-01',
    alerts: [alert()],
    decided_at_ms: (ALERT_START + 10) * 1000 + 130,
    ...own,
  };
}

/** The same alert when it is over, 6 min 12 s after it fired. */
export function resolved(own: Partial<Alert> = {}): Alert {
  const end = ALERT_START + 10 + 372;
  return alert({
    revision: 2,
    state: 'resolved',
    resolved_at: end,
    last_sample_at: end,
    decided_at_ms: end * 1000 + 90,
    duration_seconds: 382,
    ...own,
  });
}
