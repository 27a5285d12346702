import fc from 'fast-check';
import type { Snapshot } from '../../../../core/contracts/snapshot.ts';

/** Beginning of time in these tests: a whole day. */
export const BEGIN = 1_795_564_800;

/** Two decimals, as agents send them and the history keeps them. */
const figure = (max: number) => fc.integer({ min: 0, max: max * 100 }).map((units) => units / 100);

const anyProcess = () =>
  fc.record({
    pid: fc.integer({ min: 1, max: 3 }),
    name: fc.constantFrom('node', 'ffmpeg', 'postgres'),
    cpu_percent: figure(400),
    memory_mb: figure(1_000),
    thread_count: fc.integer({ min: 0, max: 50 }),
    io_read_mb: figure(1_000),
    io_write_mb: figure(1_000),
    handle_count: fc.constant(0),
  });

/** Snapshots of one host with two cores, by time, one a second at most; now and then with a long gap. */
export const anySnapshots = (maxLength = 40): fc.Arbitrary<Snapshot[]> =>
  fc
    .array(
      fc.record({
        gap: fc.oneof(
          { weight: 8, arbitrary: fc.integer({ min: 1, max: 5 }) },
          fc.integer({ min: 20, max: 300 }),
        ),
        cpu: figure(100),
        memory: figure(8_000),
        cores: fc.tuple(figure(100), figure(100)),
        processes: fc.uniqueArray(anyProcess(), {
          maxLength: 4,
          selector: ({ pid, name }) => `${pid} ${name}`,
        }),
      }),
      { maxLength },
    )
    .map((parts) => {
      let timestamp = BEGIN;
      return parts.map(({ gap, cpu, memory, cores, processes }) => ({
        timestamp: (timestamp += gap),
        total_cpu_percent: cpu,
        per_core_cpu_percent: cores,
        system_memory_total_mb: 8_000,
        system_memory_used_mb: memory,
        top_processes: processes,
      }));
    });

/** One with nothing but its time and CPU. */
export function at(timestamp: number, cpu = 10): Snapshot {
  return {
    timestamp,
    total_cpu_percent: cpu,
    per_core_cpu_percent: [cpu],
    system_memory_total_mb: 8_000,
    system_memory_used_mb: 4_000,
    top_processes: [],
  };
}
