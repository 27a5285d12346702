import type { z } from 'zod';
import type { Answer, Endpoint } from '../../core/contracts/endpoint.ts';
import { ifMatchSchema, QUOTED_VERSION } from '../../core/contracts/endpoints/ifMatch.ts';
import { ConflictError, NotFoundError } from '../../core/errors.ts';
import type { AlertingRows } from '../../core/stores/postgres/alertingRows.ts';
import type { SettingRow, SettingRows } from '../../core/stores/postgres/settingRows.ts';
import { actorOf, auditLine } from '../http/auditTrail.ts';
import type { RouteContext } from '../http/context.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { route, type Route } from '../http/route.ts';
import { validate } from '../http/validation.ts';
import type { Alerting } from './alerting.ts';

type Answering<Status extends number, Body> = Omit<Endpoint, 'answers'> & {
  answers: Record<Status, Answer & { schema: z.ZodType<Body> }>;
};

interface OfOne {
  params: z.ZodType<{ id: string }>;
}

/** What is set by request, of one kind: what the five routes of each have in common is in `settingRoutes`. */
export interface SettingKind<Body, New, Changed, View, List> {
  endpoints: {
    list: Answering<200, List>;
    get?: Answering<200, View> & OfOne;
    create: Answering<201, View> & { body: z.ZodType<New> };
    replace: Answering<200, View> & OfOne & { body: z.ZodType<Changed> };
    remove: Endpoint & OfOne;
  };
  /** Who may read them; default: readers. */
  readers?: 'operator';
  /** Default 128 KiB. */
  maxBodyBytes?: number;
  /** What one is called in refusals and in the log. */
  noun: string;
  /** By which its id stands in the log. */
  idInLog: string;
  rows(rows: AlertingRows): SettingRows<Body>;
  /** All there are, as they are answered. */
  list(): Promise<View[]>;
  listOf(views: View[]): List;
  view(row: Pick<SettingRow<Body>, 'id' | 'version' | 'body'>): View;
  /** Where one of this id is given, so that it is not changed by request; undefined where there is none such. */
  givenBy?(id: string): Promise<'built_in' | 'file' | 'api' | undefined>;
  /** Id and body of a new one. @throws {InvalidRequestError} for what no schema says of it */
  create(sent: New): { id: string; body: Body };
  /** What comes in the place of what is there. @throws {InvalidRequestError} for what no schema says of it */
  replace(sent: Changed): (current: Body) => Body;
  /** Checks what it names beside itself, and what it makes of all of them. @throws {InvalidRequestError} */
  checkAmongOthers?(id: string, sent: Body | Changed): Promise<void>;
  /** What there is to do once one was changed, and is published. */
  changed?(id: string): Promise<void>;
  /** @throws {ConflictError} where others need it */
  refuseNeeded?(id: string): Promise<void>;
  /** Who changes it, by their own words. */
  author?(sent: New | Changed): string;
  /** What the audit is told: without secrets. */
  audited(sent: Body | Changed): Record<string, unknown>;
  /** What the log is told beside the id; default: what the audit is, as `changes`. */
  logged?(body: Body): object;
}

/** The routes of a kind of settings: list, get, create, replace and delete. Workers go by a change a second later. */
export function settingRoutes<Body, New, Changed, View extends { id: string; version: number }, List>(
  { settings, kept }: Pick<Alerting, 'settings' | 'kept'>,
  kind: SettingKind<Body, New, Changed, View, List>,
): Route[] {
  const { endpoints, noun, readers = 'reader' } = kind;
  const forOperators = {
    access: 'operator' as const,
    ...(kind.maxBodyBytes === undefined ? {} : { maxBodyBytes: kind.maxBodyBytes }),
  };
  const rowsOf = () => kind.rows(requireHistory(kept).rows);

  async function refuseGiven(id: string): Promise<void> {
    const source = await kind.givenBy?.(id);
    if (source === 'file')
      throw new ConflictError(
        `The ${noun} ${id} comes from ALERT_RULES_FILE: change it there, and start again`,
      );
    if (source === 'built_in')
      throw new ConflictError(
        `The ${noun} ${id} is made of ALERT_CPU_THRESHOLD and ALERT_CPU_DURATION_SECONDS: change those, and start again`,
      );
  }

  /** Publishes what was done, and tells the log. */
  async function publish(ctx: RouteContext, id: string, done: string, logged?: object): Promise<void> {
    await settings.publish();
    ctx.state.log.info({ ...auditLine(ctx), [kind.idInLog]: id, ...logged }, `${noun} ${done}`);
  }

  function change(ctx: RouteContext, sent: New | Changed, body: Body | Changed) {
    return { actor: actorOf(ctx, kind.author?.(sent)), audited: kind.audited(body) };
  }

  async function answer(
    ctx: RouteContext,
    row: SettingRow<Body>,
    done: string,
    audited: Record<string, unknown>,
  ): Promise<View> {
    await publish(ctx, row.id, done, kind.logged?.(row.body) ?? { changes: audited });
    setVersion(ctx, row.version);
    return kind.view(row);
  }

  const list = route(endpoints.list, {
    access: readers,
    handle: async () => kind.listOf(await kind.list()),
  });

  const get =
    endpoints.get &&
    route(endpoints.get, {
      access: readers,
      async handle(request, ctx) {
        const { id } = request.params();
        const found = (await kind.list()).find((one) => one.id === id);
        if (found === undefined) throw new NotFoundError(`There is no ${noun} ${id}`);
        setVersion(ctx, found.version);
        return found;
      },
    });

  const create = route(endpoints.create, {
    ...forOperators,
    async handle(request, ctx) {
      const rows = rowsOf();
      const sent = await request.body();
      const { id, body } = kind.create(sent);
      await refuseGiven(id);
      await kind.checkAmongOthers?.(id, body);
      const by = change(ctx, sent, body);
      return answer(ctx, await rows.create(id, body, by), 'created', by.audited);
    },
  });

  const replace = route(endpoints.replace, {
    ...forOperators,
    async handle(request, ctx) {
      const rows = rowsOf();
      const { id } = request.params();
      const expected = expectedVersion(ctx);
      const sent = await request.body();
      const next = kind.replace(sent);
      await refuseGiven(id);
      await kind.checkAmongOthers?.(id, sent);
      const by = change(ctx, sent, sent);
      const view = await answer(ctx, await rows.replace(id, next, expected, by), 'changed', by.audited);
      await kind.changed?.(id);
      return view;
    },
  });

  const remove = route(endpoints.remove, {
    ...forOperators,
    async handle(request, ctx) {
      const rows = rowsOf();
      const { id } = request.params();
      const expected = expectedVersion(ctx);
      await refuseGiven(id);
      await kind.refuseNeeded?.(id);
      await rows.remove(id, expected, actorOf(ctx));
      await publish(ctx, id, 'deleted');
    },
  });

  return [list, ...(get ? [get] : []), create, replace, remove];
}

/** The version that a change is made of; undefined where the request names none, or any (`*`). */
function expectedVersion(ctx: RouteContext): number | undefined {
  const given = ctx.get('if-match');
  if (given === '' || given === '*') return undefined;
  const { 'if-match': text = '' } = validate(ifMatchSchema, { 'if-match': given }, 'header');
  return Number(QUOTED_VERSION.exec(text)?.[1]);
}

/** As `If-Match` has it. */
function setVersion(ctx: RouteContext, version: number): void {
  ctx.set('ETag', `"${version}"`);
}
