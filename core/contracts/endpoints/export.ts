import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { scopeFields, TIME_FORMATS } from '../questions.ts';

/** Agent and timestamp of the last line, and how many lines whoever asks has of them. */
export const EXPORT_CURSOR = /^([A-Za-z0-9._:-]{1,128}),(\d{1,12}),(\d{1,9})$/;

const querySchema = z.object({
  ...scopeFields,
  from: z
    .string()
    .optional()
    .meta({
      description: `Snapshots from this time on: ${TIME_FORMATS}. Left out: from the beginning.`,
      example: '-6h',
    }),
  to: z.string().optional().meta({
    description: 'Up to and without this time, written alike. Left out: without an end.',
    example: 'now',
  }),
  format: z.enum(['ndjson', 'csv']).default('ndjson'),
  rows: z.enum(['snapshots', 'processes']).default('snapshots').meta({
    description: 'Of CSV: a row a snapshot, with its processes as JSON in one column, or a row a process.',
  }),
  cursor: z
    .string()
    .regex(
      EXPORT_CURSOR,
      'Must be AGENT,TIMESTAMP,COUNT: those of the last line, and how many lines you have of them',
    )
    .optional()
    .meta({
      description:
        'Goes on behind what you have: agent and timestamp of its last line, and how many snapshots you have of that ' +
        'agent and second, separated by commas. With 0 that second comes again.',
      example: 'web-01,1707662400,1',
    }),
  limit: z.coerce.number<string>().int().min(1).optional().meta({
    description: 'Ends after so many snapshots, as soon as those of the last second are complete.',
    example: 1000,
  }),
});

export type ExportQuery = z.output<typeof querySchema>;

/** The history as it was handed in. */
export const exportEndpoint = endpoint({
  method: 'get',
  path: '/api/export',
  summary: 'The history as it was handed in',
  description:
    'Snapshots of one agent, or of all of them one after the other, each in order of time. A line of NDJSON is a ' +
    'snapshot with its agent_id, as `POST /ingest/metrics/batch` takes it. The answer is written as fast as it is read. ' +
    'One that cannot go on breaks its connection off: the lines that came whole are good, and `cursor` ' +
    'goes on behind them. With `Accept-Encoding: gzip` it is compressed.',
  tag: 'reads',
  query: querySchema,
  answers: {
    200: {
      description: 'NDJSON or, with format=csv, CSV (RFC 4180)',
      contentType: 'application/x-ndjson',
    },
    503: { description: 'PostgreSQL is out of reach, or there is none; or too many exports at once' },
    505: { description: 'Asked in HTTP/1.0, in which a cut cannot be told from the end' },
  },
});
