import { randomUUID } from 'node:crypto';
import { maintenanceFault, maintenanceWindows } from '../../core/alerting/maintenanceTimes.ts';
import type { MaintenanceBody } from '../../core/contracts/alerting/silence.ts';
import type { MaintenanceView } from '../../core/contracts/alerting/views.ts';
import { maintenanceEndpoints } from '../../core/contracts/endpoints/maintenance.ts';
import type { SettingRow } from '../../core/stores/postgres/settingRows.ts';
import { nowSeconds } from '../../core/time.ts';
import { requireHistory } from '../http/requireHistory.ts';
import type { Route } from '../http/route.ts';
import { refuseField } from '../http/validation.ts';
import type { Alerting } from './alerting.ts';
import { settingRoutes } from './resource.ts';

/** `/api/maintenance`: silences that come again. */
export function maintenanceRoutes(alerting: Pick<Alerting, 'kept' | 'settings'>): Route[] {
  return settingRoutes(alerting, {
    endpoints: maintenanceEndpoints,
    noun: 'maintenance',
    idInLog: 'maintenance',
    rows: ({ maintenance }) => maintenance,
    async list() {
      const rows = await requireHistory(alerting.kept).rows.maintenance.list();
      const now = nowSeconds();
      return rows.map((row) => viewOf(row, now));
    },
    listOf: (maintenance) => ({ maintenance }),
    view: (row) => viewOf(row, nowSeconds()),
    create(body) {
      refuseFault(body);
      return { id: randomUUID(), body };
    },
    replace(body) {
      refuseFault(body);
      return () => body;
    },
    author: ({ author }) => author,
    audited: (body) => body,
    logged: ({ name }) => ({ name }),
  });
}

/** @throws {InvalidRequestError} where it would never be, or nobody knows when */
function refuseFault(body: MaintenanceBody): void {
  const fault = maintenanceFault(body, nowSeconds());
  if (fault !== undefined) refuseField(['body', fault.field], fault.message);
}

function viewOf(
  { id, version, body }: Pick<SettingRow<MaintenanceBody>, 'id' | 'version' | 'body'>,
  now: number,
): MaintenanceView {
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
