import type { FleetLine } from '../../../../core/contracts/live.ts';
import { emptySpark } from '../../../../dashboard/fleet/spark.ts';
import type { Figures, Row } from '../../../../dashboard/fleet/row.ts';

export const NOW = 1_795_576_320;

export function figures(changes: Partial<Figures> = {}): Figures {
  return { cpu: 10, memoryUsedMb: 4000, memoryTotalMb: 16_000, top: { name: 'node', cpu: 8 }, ...changes };
}

export function row(id: string, changes: Partial<Row> = {}): Row {
  return {
    id,
    name: id,
    labels: {},
    state: 'online',
    lastSeen: NOW,
    interval: 2,
    latest: figures(),
    spark: emptySpark(NOW),
    ...changes,
  };
}

export function line(agentId: string, cpu = 10): FleetLine {
  return {
    agent_id: agentId,
    timestamp: NOW,
    total_cpu_percent: cpu,
    system_memory_used_mb: 4000,
    system_memory_total_mb: 16_000,
    top_process: { name: 'node', cpu_percent: 8 },
  };
}
