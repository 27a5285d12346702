import { z } from 'zod';
import type { Bench, Subject } from '../scenario.ts';
import { openService } from '../service.ts';

const documentSchema = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** A measurement of a route that may not be there yet: the service is asked for its OpenAPI document first. */
export function onlyWithRoute(
  method: 'get' | 'post',
  path: string,
  measure: Subject['measure'],
): Subject['measure'] {
  return async (bench) =>
    (await hasRoute(bench, method, path)) ? measure(bench) : { skipped: `no such route (${method} ${path})` };
}

async function hasRoute(bench: Bench, method: string, path: string): Promise<boolean> {
  const service = await openService(bench.ground, { kind: 'topline', workers: false });
  try {
    const answer = await fetch(`http://127.0.0.1:${service.ports[0]}/openapi.json`);
    const { paths } = documentSchema.parse(await answer.json());
    return paths[path]?.[method] !== undefined;
  } finally {
    await service.close();
  }
}
