import { z } from 'zod';
import { MAX_HOLD_SECONDS } from '../../core/rollup/hold.ts';
import { secondsSchema } from './historyQuery.ts';

/** How CPU seconds come about, for the documents. */
export const CPU_SECONDS_ESTIMATE =
  'CPU seconds are an estimate. A snapshot stands for the time until the next one of its agent, if that comes within ' +
  `${MAX_HOLD_SECONDS} s, else for as long as the one before it stood, else for nothing; a process' CPU seconds are its ` +
  'cpu_percent / 100 times that, added up. Processes of one name count as one. What was not among the processes of a ' +
  'snapshot (at most 12) is not counted, so a figure is rather too low than too high. Reads and writes are what the ' +
  'counts of a process (by pid and name) grew by from one snapshot to the next.';

/** What is told of the processes of one name. */
export const processFields = {
  cpu_seconds: z.number(),
  cpu_percent: z
    .object({ avg: z.number(), max: z.number() })
    .meta({ description: 'Of one core; the average over the snapshots that name it.' }),
  memory_mb: z.object({ avg: z.number(), max: z.number() }),
  io_read_mb: z.number(),
  io_write_mb: z.number(),
  samples: z.number().int().meta({ description: 'Snapshots that name it.' }),
  first_seen: secondsSchema,
  last_seen: secondsSchema,
};
