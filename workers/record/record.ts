import type { RecordTask } from '../../core/contracts/queues.ts';
import type { AlertRecordStore } from '../../core/stores/postgres/alertRecords.ts';
import type { DeliveryStore } from '../../core/stores/postgres/deliveries.ts';

export interface RecordDependencies {
  alertRecords: Pick<AlertRecordStore, 'save'>;
  deliveries: Pick<DeliveryStore, 'save'>;
}

/**
 * Keeps in PostgreSQL what became of alerts, and of what was told of them. In a queue of its own: while PostgreSQL is away,
 * all else is told as ever.
 */
export async function keepRecords(
  { changes, deliveries }: RecordTask,
  stores: RecordDependencies,
): Promise<void> {
  await stores.alertRecords.save(changes);
  await stores.deliveries.save(deliveries);
}
