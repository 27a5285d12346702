import { createHash } from 'node:crypto';
import { z } from 'zod';

/** A place in a listing: behind an id where ids are the order, else a number of agents into an order that was kept. */
export type Place = { after: string } | { listing: number; from: number };

const cursorSchema = z.tuple([
  z.string(),
  z.union([
    z.object({ after: z.string() }),
    z.object({ listing: z.number().int(), from: z.number().int().min(1) }),
  ]),
]);

/** @param query what is listed, in which order: a cursor is good for the same question only */
export function writeCursor(place: Place, query: unknown): string {
  return Buffer.from(JSON.stringify([digestOf(query), place])).toString('base64url');
}

/** The place of a cursor; undefined where it is none, or one of another question. */
export function readCursor(text: string, query: unknown): Place | undefined {
  try {
    const [digest, place] = cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return digest === digestOf(query) ? place : undefined;
  } catch {
    return undefined;
  }
}

function digestOf(query: unknown): string {
  return createHash('sha256').update(JSON.stringify(query)).digest('base64url').slice(0, 8);
}
