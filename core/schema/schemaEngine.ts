import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlResultSet,
} from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

export type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';

export interface SchemaEngineOptions {
  dsn: string;
  /** The PostgreSQL schema in which it looks and works. */
  schema: string;
  /** Text of the Prisma schema. */
  datamodel: string;
  /** SQL that is done, or not done, together with a script the engine runs: what stands around it. */
  completeScript?: (script: string) => string;
}

/** Prisma's migration engine on one database. */
export interface OpenSchemaEngine {
  handle: SchemaEngine;
  /** What the driver threw for the last statement that failed: the engine passes only its text on. */
  driverError(): unknown;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;

/** Tables of somebody else that the engine has to ignore: none. */
export const NO_FILTERS = { externalTables: [], externalEnums: [] };

/** The engine of `prisma migrate`, as WebAssembly: no binary to download, and it connects through pg as we do. */
export async function openSchemaEngine(options: SchemaEngineOptions): Promise<OpenSchemaEngine> {
  const { dsn, schema, datamodel, completeScript = (script) => script } = options;
  // One connection: the engine takes locks and settings of a session for granted.
  const pool = new pg.Pool({
    connectionString: dsn,
    application_name: 'topline migrations',
    max: 1,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  pool.on('error', () => undefined);
  letCharThrough(pool);
  let driverError: unknown;

  async function remembering<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      driverError = error;
      throw error;
    }
  }

  class ScriptingPrismaPg extends PrismaPg {
    override async connect() {
      const adapter = await super.connect();
      const queryRaw = adapter.queryRaw.bind(adapter);
      const executeRaw = adapter.executeRaw.bind(adapter);
      adapter.queryRaw = async (query) => withChars(await remembering(queryRaw(query)));
      adapter.executeRaw = (query) => remembering(executeRaw(query));
      // The adapter's own splits a script at every semicolon, also inside strings, comments and function bodies, and
      // runs the pieces one by one. Sent whole, PostgreSQL runs it as one transaction, as Prisma's native engine does.
      adapter.executeScript = async (script) => {
        await adapter.executeRaw({ sql: completeScript(script), args: [], argTypes: [] });
      };
      return adapter;
    }
  }

  try {
    const { SchemaEngine } = await loadEngine();
    const adapter = bindMigrationAwareSqlAdapterFactory(new ScriptingPrismaPg(pool, { schema }));
    const handle = await SchemaEngine.new(
      { datamodels: [['schema.prisma', datamodel]] },
      () => undefined,
      adapter,
    );
    return {
      handle,
      driverError: () => driverError,
      close: async () => {
        handle.free();
        await pool.end();
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

/** OID of "char", a type of one byte in PostgreSQL's catalog. */
const CHAR_OID = 18;

/** OID of bytea, which no question of the engine brings back: it stands for "char" on the way through the adapter. */
const STAND_IN_OID = 17;

/**
 * The engine asks the catalog for columns of type "char", which the adapter does not know and refuses
 * (prisma/orm#27403); the engine, in turn, panics if they come as text.
 */
function letCharThrough(pool: pg.Pool): void {
  const query = pool.query.bind(pool) as (
    config: pg.QueryConfig,
  ) => Promise<pg.QueryResult | pg.QueryResult[]>;
  pool.query = (async (config: pg.QueryConfig) => {
    const result = await query(config);
    for (const { fields } of [result].flat()) {
      for (const field of fields) if (field.dataTypeID === CHAR_OID) field.dataTypeID = STAND_IN_OID;
    }
    return result;
  }) as typeof pool.query;
}

function withChars(result: SqlResultSet): SqlResultSet {
  const { Bytes, Character } = ColumnTypeEnum;
  return { ...result, columnTypes: result.columnTypes.map((type) => (type === Bytes ? Character : type)) };
}

/** Node has it; the type libraries for Node do not. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Record<string, object>,
  ): Promise<{ instance: { exports: Record<string, unknown> } }>;
};

type Engine = typeof import('@prisma/schema-engine-wasm/schema_engine_bg');

let loaded: Promise<Engine> | undefined;

/** Compiling takes about 50 ms and can be done once only: the module keeps its one instance to itself. */
function loadEngine(): Promise<Engine> {
  loaded ??= instantiate();
  return loaded;
}

async function instantiate(): Promise<Engine> {
  const engine = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const script = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasm = await readFile(script.replace(/\.js$/, '.wasm'));
  const { instance } = await WebAssembly.instantiate(wasm, {
    './schema_engine_bg.js': withoutLastingTimers(engine),
  });
  engine.__wbg_set_wasm(instance.exports);
  (instance.exports['__wbindgen_start'] as () => void)();
  return engine;
}

/** The engine leaves the 10 s timer of its own lock behind, which would keep a finished process alive that long. */
function withoutLastingTimers(imports: object): object {
  const timers = Object.keys(imports).filter((name) => name.startsWith('__wbg_setTimeout_'));
  const start = (callback: () => void, ms: number) => setTimeout(callback, ms).unref();
  return { ...imports, ...Object.fromEntries(timers.map((name) => [name, start])) };
}
