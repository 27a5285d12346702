import { z } from 'zod';
import {
  acknowledgeBodySchema,
  alertDetailSchema,
  alertPageSchema,
  alertsQuerySchema,
  alertViewSchema,
  type AlertView,
} from '../alerting/views.ts';
import { endpoint } from '../endpoint.ts';
import { lineText } from '../text.ts';
import { OPERATOR_ONLY, STORE_AWAY } from './answers.ts';
import { DELIVERY_EXAMPLE } from './deliveries.ts';

/** An id has its agent's in it. */
const paramsSchema = z.object({
  id: lineText.min(1).max(512).meta({ example: 'cpu-hot:web-01:1764040332' }),
});

export const ALERT_EXAMPLE: AlertView = {
  id: 'cpu-hot:web-01:1764040332',
  revision: 2,
  rule_id: 'cpu-hot',
  rule_version: 1,
  rule_name: 'CPU is hot',
  severity: 'warning',
  agent_id: 'web-01',
  labels: { env: 'prod' },
  state: 'firing',
  started_at: 1764040332,
  fired_at: 1764040342,
  resolved_at: null,
  decided_at_ms: 1764040342118,
  last_sample_at: 1764040342,
  no_data_since: null,
  unit: 'percent',
  threshold: 80,
  value: 97.5,
  peak: 98.1,
  average: 96.2,
  duration_seconds: 10,
  samples: 6,
  gaps: 0,
  culprits: [
    {
      name: 'ffmpeg',
      pid: 4242,
      cpu_seconds: 36.5,
      share: 0.81,
      peak_cpu_percent: 386,
      peak_memory_mb: 512,
    },
  ],
  flapping: false,
  summary: 'web-01: CPU at 97.5 %, at or above 80 % for 10 s, mostly ffmpeg (81 %)',
  acknowledged: null,
  silenced_by: [],
};

/** Alerts, and what somebody says to them. */
export const alertEndpoints = {
  list: endpoint({
    method: 'get',
    path: '/api/alerts',
    summary: 'Alerts of all rules, newest first',
    description:
      'Where no history is kept (POSTGRES_DSN is not set), there are only those that are pending or fire. Where only those ' +
      'are asked for, by state, PostgreSQL may be away.',
    tag: 'alerts',
    query: alertsQuerySchema,
    examples: {
      firing: { summary: 'What fires now', query: { state: 'firing' } },
      lastDay: {
        summary: 'What was critical on one host in the last day',
        query: { severity: 'critical', agent: 'web-01', from: '-24h' },
      },
    },
    answers: {
      200: {
        description: 'A page of alerts; next_cursor is null on the last one',
        schema: alertPageSchema,
        example: { alerts: [ALERT_EXAMPLE], next_cursor: null },
      },
      503: {
        description: 'A store is out of reach; or what is resolved is asked for, and POSTGRES_DSN is not set',
      },
    },
  }),
  get: endpoint({
    method: 'get',
    path: '/api/alerts/:id',
    summary: 'One alert, with what happened to it and what was told of it',
    tag: 'alerts',
    params: paramsSchema,
    answers: {
      200: {
        description: 'The alert; its timeline and its messages, oldest first',
        schema: alertDetailSchema,
        example: {
          alert: ALERT_EXAMPLE,
          timeline: [
            {
              at_ms: 1764040342118,
              kind: 'firing',
              by: null,
              detail: { value: 97.5, threshold: 80, rule_version: 1 },
            },
          ],
          deliveries: [DELIVERY_EXAMPLE],
        },
      },
      404: { description: 'There is none: it never was, is dropped by now, or never fired and is over' },
      ...STORE_AWAY,
    },
  }),
  acknowledge: endpoint({
    method: 'post',
    path: '/api/alerts/:id/acknowledge',
    summary: 'Say that somebody has seen an alert',
    description: 'It is not told of again while it fires, and does not escalate. That it is over is told.',
    tag: 'alerts',
    params: paramsSchema,
    body: acknowledgeBodySchema,
    bodyExample: { by: 'Ada', note: 'Batch job, ends by itself' },
    answers: {
      200: { description: 'The alert as it is now', schema: alertViewSchema, example: ALERT_EXAMPLE },
      ...OPERATOR_ONLY,
      404: { description: 'There is no such alert' },
      409: { description: 'It does not fire' },
      ...STORE_AWAY,
    },
  }),
  unacknowledge: endpoint({
    method: 'delete',
    path: '/api/alerts/:id/acknowledge',
    summary: 'Take that back',
    tag: 'alerts',
    params: paramsSchema,
    answers: {
      200: { description: 'The alert as it is now', schema: alertViewSchema, example: ALERT_EXAMPLE },
      ...OPERATOR_ONLY,
      404: { description: 'There is no such alert, or nobody has acknowledged it' },
      409: { description: 'It is over' },
      ...STORE_AWAY,
    },
  }),
};
