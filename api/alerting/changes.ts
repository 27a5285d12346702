import { ConflictError } from '../../core/errors.ts';
import { ifMatchSchema, QUOTED_VERSION } from '../../core/contracts/endpoints/ifMatch.ts';
import type { RouteContext } from '../http/context.ts';
import { validate } from '../http/validation.ts';

// What the routes have in common that change something of alerting.

/** The version that a change is made of; undefined where the request names none, or any (`*`). */
export function expectedVersion(ctx: RouteContext): number | undefined {
  const given = ctx.get('if-match');
  if (given === '' || given === '*') return undefined;
  const { 'if-match': text = '' } = validate(ifMatchSchema, { 'if-match': given }, 'header');
  return Number(QUOTED_VERSION.exec(text)?.[1]);
}

/** As `If-Match` has it. */
export function setVersion(ctx: RouteContext, version: number): void {
  ctx.set('ETag', `"${version}"`);
}

/** @throws {ConflictError} what comes from the environment or a file is not changed by request */
export function refuseOwned(noun: string, id: string, source: 'built_in' | 'file' | 'api' | undefined): void {
  if (source === 'file')
    throw new ConflictError(
      `The ${noun} ${id} comes from ALERT_RULES_FILE: change it there, and start again`,
    );
  if (source === 'built_in')
    throw new ConflictError(
      `The ${noun} ${id} is made of ALERT_CPU_THRESHOLD and ALERT_CPU_DURATION_SECONDS: change those, and start again`,
    );
}
