import { randomUUID } from 'node:crypto';
import { maintenanceEndpoints } from '../../core/contracts/endpoints/maintenance.ts';
import { maintenanceFault, maintenanceWindows } from '../../core/alerting/maintenanceTimes.ts';
import type { MaintenanceBody } from '../../core/contracts/alerting/silence.ts';
import type { MaintenanceView } from '../../core/contracts/alerting/views.ts';
import type { SettingRow } from '../../core/stores/postgres/settingRows.ts';
import { nowSeconds } from '../../core/time.ts';
import type { RouteContext } from '../http/context.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { refuseField } from '../http/validation.ts';
import { actorOf, auditLine } from '../http/auditTrail.ts';
import { route, type Route } from '../http/route.ts';
import type { Alerting } from './alerting.ts';
import { expectedVersion, setVersion } from './changes.ts';

/** `/api/maintenance`: silences that come again. */
export function maintenanceRoutes({ kept, settings }: Pick<Alerting, 'kept' | 'settings'>): Route[] {
  function checkBody(body: MaintenanceBody): MaintenanceBody {
    const fault = maintenanceFault(body, nowSeconds());
    if (fault !== undefined) refuseField(['body', fault.field], fault.message);
    return body;
  }

  async function answer(
    ctx: RouteContext,
    row: SettingRow<MaintenanceBody>,
    done: string,
  ): Promise<MaintenanceView> {
    await settings.publish();
    ctx.state.log.info({ ...auditLine(ctx), maintenance: row.id, name: row.body.name }, done);
    setVersion(ctx, row.version);
    return viewOf(row, nowSeconds());
  }

  return [
    route(maintenanceEndpoints.list, {
      access: 'reader',
      async handle() {
        const rows = await requireHistory(kept).rows.maintenance.list();
        const now = nowSeconds();
        return { maintenance: rows.map((row) => viewOf(row, now)) };
      },
    }),
    route(maintenanceEndpoints.create, {
      access: 'operator',
      async handle(request, ctx) {
        const { rows } = requireHistory(kept);
        const body = checkBody(await request.body());
        const change = { actor: actorOf(ctx, body.author), audited: body };
        return answer(ctx, await rows.maintenance.create(randomUUID(), body, change), 'maintenance created');
      },
    }),
    route(maintenanceEndpoints.replace, {
      access: 'operator',
      async handle(request, ctx) {
        const { rows } = requireHistory(kept);
        const { id } = request.params();
        const body = checkBody(await request.body());
        const change = { actor: actorOf(ctx, body.author), audited: body };
        const row = await rows.maintenance.replace(id, () => body, expectedVersion(ctx), change);
        return answer(ctx, row, 'maintenance changed');
      },
    }),
    route(maintenanceEndpoints.remove, {
      access: 'operator',
      async handle(request, ctx) {
        const { rows } = requireHistory(kept);
        const { id } = request.params();
        await rows.maintenance.remove(id, expectedVersion(ctx), actorOf(ctx));
        await settings.publish();
        ctx.state.log.info({ ...auditLine(ctx), maintenance: id }, 'maintenance deleted');
      },
    }),
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
