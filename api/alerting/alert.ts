import { z } from 'zod';
import { alertDetailSchema, type AlertDetail, type AlertView } from '../../core/contracts/alerting/views.ts';
import { lineText } from '../../core/contracts/text.ts';
import { NotFoundError } from '../../core/errors.ts';
import { nowSeconds } from '../../core/time.ts';
import type { Alerting } from './alerting.ts';
import { validate } from '../http/validation.ts';
import { DELIVERY_EXAMPLE } from './deliveries.ts';
import type { Route } from '../http/route.ts';

export const ALERT_PATH = '/api/alerts/:id';

/** An id has its agent's in it. */
export const alertParamsSchema = z.object({
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

/** @throws {NotFoundError} */
export function refuseUnknownAlert(id: string): never {
  throw new NotFoundError(`There is no alert ${id}`);
}

/** `GET /api/alerts/:id`: one alert, and all that happened to it. */
export function alertRoute({ book }: Pick<Alerting, 'book'>): Route {
  return {
    method: 'get',
    path: ALERT_PATH,
    summary: 'One alert, with what happened to it and what was told of it',
    tag: 'alerts',
    access: 'reader',
    params: alertParamsSchema,
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
        } satisfies AlertDetail,
      },
      404: { description: 'There is none: it never was, is dropped by now, or never fired and is over' },
      503: { description: 'A store is out of reach' },
    },
    async handle(ctx) {
      const { id } = validate(alertParamsSchema, ctx.params, 'path');
      ctx.body = (await book.detail(id, nowSeconds())) ?? refuseUnknownAlert(id);
    },
  };
}
