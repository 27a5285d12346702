import type { FleetLine, LiveSnapshot } from '../../core/contracts/live.ts';
import { busiestProcess } from '../../core/snapshot/busiestProcess.ts';

/** One line of the fleet: the figures a list of hosts shows. */
export function fleetLine(snapshot: LiveSnapshot): FleetLine {
  const { agent_id, timestamp, total_cpu_percent, system_memory_used_mb, system_memory_total_mb } = snapshot;
  const top = busiestProcess(snapshot.top_processes);
  return {
    agent_id,
    timestamp,
    total_cpu_percent,
    system_memory_used_mb,
    system_memory_total_mb,
    top_process: top === undefined ? null : { name: top.name, cpu_percent: top.cpu_percent },
  };
}

/** Gathers what changed since it was last asked: the newest line of each agent, by the snapshots' own time. */
export function createFleetChanges() {
  let changed = new Map<string, FleetLine>();
  return {
    note(snapshot: LiveSnapshot): void {
      const known = changed.get(snapshot.agent_id);
      if (known === undefined || known.timestamp <= snapshot.timestamp)
        changed.set(snapshot.agent_id, fleetLine(snapshot));
    },
    take(): FleetLine[] {
      const lines = [...changed.values()];
      changed = new Map();
      return lines;
    },
  };
}
