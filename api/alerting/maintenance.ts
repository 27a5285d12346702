import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { maintenanceFault, maintenanceWindows } from '../../core/alerting/maintenanceTimes.ts';
import {
  maintenanceBodySchema,
  maintenanceSchema,
  type MaintenanceBody,
} from '../../core/contracts/alerting/silence.ts';
import {
  maintenanceListSchema,
  maintenanceViewSchema,
  type MaintenanceList,
  type MaintenanceView,
} from '../../core/contracts/alerting/views.ts';
import type { SettingRow } from '../../core/stores/postgres/settingRows.ts';
import { nowSeconds } from '../../core/time.ts';
import type { Alerting } from './alerting.ts';
import type { RouteContext } from '../http/context.ts';
import { readJson } from '../http/jsonBody.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { refuseField, validate } from '../http/validation.ts';
import { actorOf, auditLine } from '../http/auditTrail.ts';
import { expectedVersion, ifMatchSchema, MAX_BODY_BYTES, setVersion } from './changes.ts';
import type { Route } from '../http/route.ts';

const PATH = '/api/maintenance';

const paramsSchema = z.object({ id: maintenanceSchema.shape.id });

const BODY_EXAMPLE: MaintenanceBody = {
  name: 'Backups',
  match: { agents: ['db-*'], labels: {}, rules: [], severities: [] },
  cron: '0 3 * * sun',
  time_zone: 'Europe/Berlin',
  duration_seconds: 3600,
  author: 'Ada',
  comment: '',
};

const EXAMPLE: MaintenanceView = {
  ...BODY_EXAMPLE,
  id: '5a4c1c0e-9a7d-4e3f-8c6b-5a4d3e2f1a0b',
  version: 1,
  active: false,
  next: { starts_at: 1764468000, ends_at: 1764471600 },
};

const ANSWERS = {
  403: { description: 'Only the operator may' },
  503: { description: 'POSTGRES_DSN is not set, or a store is out of reach' },
};
const CHANGE_ANSWERS = {
  404: { description: 'There is none' },
  412: { description: 'Somebody changed it meanwhile: read it again' },
  ...ANSWERS,
};

/** `/api/maintenance`: silences that come again. */
export function maintenanceRoutes({ kept, settings }: Pick<Alerting, 'kept' | 'settings'>): Route[] {
  async function readBody(ctx: RouteContext): Promise<MaintenanceBody> {
    const body = validate(maintenanceBodySchema, await readJson(ctx.req, MAX_BODY_BYTES), 'body');
    const fault = maintenanceFault(body, nowSeconds());
    if (fault !== undefined) refuseField(['body', fault.field], fault.message);
    return body;
  }

  async function answer(ctx: RouteContext, row: SettingRow<MaintenanceBody>, done: string): Promise<void> {
    await settings.publish();
    ctx.state.log.info({ ...auditLine(ctx), maintenance: row.id, name: row.body.name }, done);
    setVersion(ctx, row.version);
    ctx.body = viewOf(row, nowSeconds());
  }

  return [
    {
      method: 'get',
      path: PATH,
      summary: 'Windows of maintenance that come again',
      tag: 'alerts',
      access: 'reader',
      answers: {
        200: {
          description: 'All of them',
          schema: maintenanceListSchema,
          example: { maintenance: [EXAMPLE] } satisfies MaintenanceList,
        },
        503: ANSWERS[503],
      },
      async handle(ctx) {
        const rows = await requireHistory(kept).rows.maintenance.list();
        const now = nowSeconds();
        ctx.body = { maintenance: rows.map((row) => viewOf(row, now)) } satisfies MaintenanceList;
      },
    },
    {
      method: 'post',
      path: PATH,
      summary: 'Add a window of maintenance',
      description: 'While it goes on, nothing is told of alerts that match; they fire all the same.',
      tag: 'alerts',
      access: 'operator',
      body: maintenanceBodySchema,
      bodyExample: BODY_EXAMPLE,
      answers: {
        201: { description: 'The window', schema: maintenanceViewSchema, example: EXAMPLE },
        ...ANSWERS,
      },
      async handle(ctx) {
        const { rows } = requireHistory(kept);
        const body = await readBody(ctx);
        const change = { actor: actorOf(ctx, body.author), audited: body };
        await answer(ctx, await rows.maintenance.create(randomUUID(), body, change), 'maintenance created');
        ctx.status = 201;
      },
    },
    {
      method: 'put',
      path: `${PATH}/:id`,
      summary: 'Change a window of maintenance',
      tag: 'alerts',
      access: 'operator',
      params: paramsSchema,
      headers: ifMatchSchema,
      body: maintenanceBodySchema,
      bodyExample: BODY_EXAMPLE,
      answers: {
        200: { description: 'As it is now', schema: maintenanceViewSchema, example: EXAMPLE },
        ...CHANGE_ANSWERS,
      },
      async handle(ctx) {
        const { rows } = requireHistory(kept);
        const { id } = validate(paramsSchema, ctx.params, 'path');
        const body = await readBody(ctx);
        const change = { actor: actorOf(ctx, body.author), audited: body };
        const row = await rows.maintenance.replace(id, () => body, expectedVersion(ctx), change);
        await answer(ctx, row, 'maintenance changed');
      },
    },
    {
      method: 'delete',
      path: `${PATH}/:id`,
      summary: 'Delete a window of maintenance',
      tag: 'alerts',
      access: 'operator',
      params: paramsSchema,
      headers: ifMatchSchema,
      answers: { 204: { description: 'It is gone' }, ...CHANGE_ANSWERS },
      async handle(ctx) {
        const { rows } = requireHistory(kept);
        const { id } = validate(paramsSchema, ctx.params, 'path');
        await rows.maintenance.remove(id, expectedVersion(ctx), actorOf(ctx));
        await settings.publish();
        ctx.state.log.info({ ...auditLine(ctx), maintenance: id }, 'maintenance deleted');
        ctx.status = 204;
      },
    },
  ];
}

function viewOf({ id, version, body }: SettingRow<MaintenanceBody>, now: number): MaintenanceView {
  // One that this machine cannot read, of a zone it does not know, silences nothing and never comes.
  const window = maintenanceFault(body, now) === undefined ? maintenanceWindows(body).at(now) : undefined;
  return {
    ...body,
    id,
    version,
    active: window !== undefined && window.startsAt <= now && now < window.endsAt,
    next: window === undefined ? null : { starts_at: window.startsAt, ends_at: window.endsAt },
  };
}
