import { createAlertRecordStore } from '../../core/stores/postgres/alertRecords.ts';
import { createDeliveryStore } from '../../core/stores/postgres/deliveries.ts';
import type { WorkerContext } from '../run/context.ts';
import type { Postgres } from '../run/postgres.ts';
import type { OpenedRole } from '../run/role.ts';
import { keepRecords } from './record.ts';

export function openRecord(_context: WorkerContext, postgres: Postgres): OpenedRole<'record'> {
  const alertRecords = createAlertRecordStore(postgres);
  const deliveries = createDeliveryStore(postgres);
  return { process: (task) => keepRecords(task, { alertRecords, deliveries }) };
}
