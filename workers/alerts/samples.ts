import type { AlertingSample } from '../../core/alerting/sample.ts';
import type { AlertSample, AlertsBatch } from '../../core/contracts/queues.ts';
import type { ProcessSample } from '../../core/contracts/snapshot.ts';
import { unpackMeasurements } from '../../core/snapshot/codec.ts';

/** What came of one agent. */
export interface AgentSamples {
  samples: AlertingSample[];
  /** What it said of itself last, as `key=value,key=value`; undefined where it said nothing. */
  labels: string | undefined;
}

/** The samples of a batch by their agents. */
export function samplesByAgent({ samples, sharedOffsetMs = 0 }: AlertsBatch): Map<string, AgentSamples> {
  const agents = new Map<string, AgentSamples>();
  for (const queued of samples) {
    let own = agents.get(queued.agentId);
    if (own === undefined) agents.set(queued.agentId, (own = { samples: [], labels: undefined }));
    own.samples.push(toSample(queued, sharedOffsetMs));
    if (queued.labels !== undefined) own.labels = queued.labels;
  }
  return agents;
}

function toSample(queued: AlertSample, sharedOffsetMs: number): AlertingSample {
  const { timestamp, cpuPercent, memoryUsedMb, memoryTotalMb, receivedAtMs, measurements } = queued;
  let unpacked: readonly ProcessSample[] | undefined;
  let isUnpacked = false;
  return {
    timestamp,
    cpuPercent,
    memoryUsedMb,
    memoryTotalMb,
    receivedAtMs: receivedAtMs === undefined ? undefined : receivedAtMs + sharedOffsetMs,
    processes() {
      if (!isUnpacked) unpacked = unpack(measurements);
      isUnpacked = true;
      return unpacked;
    },
  };
}

/** Damaged ones are the fault of one snapshot, which `persist` sets aside with its reason: here it has no processes. */
function unpack(measurements: string | undefined): readonly ProcessSample[] | undefined {
  if (measurements === undefined) return undefined;
  try {
    return unpackMeasurements(Buffer.from(measurements, 'base64')).top_processes;
  } catch {
    return undefined;
  }
}
