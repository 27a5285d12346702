import { z } from 'zod';

/** How one environment variable is read, and what docs/configuration.md says of it. */
export interface Setting<T> {
  schema: z.ZodType<T, string>;
  /** The text used where the variable is absent or empty. */
  default: string;
  description: string;
  secret?: boolean;
}

/** One that is not a secret unless it says so. */
export function setting<T>(
  schema: z.ZodType<T, string>,
  fallback: string,
  description: string,
  secret = false,
): Setting<T> {
  return { schema, default: fallback, description, secret };
}

// How the text of an environment variable is read, and with which words it is refused.

export const text = z.string();

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^[+-]?\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().int().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));
}

export function decimal(min: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^[+-]?(\d+\.?\d*|\.\d+)$/, 'must be a number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`));
}

const port = integer(1, 65_535);

/** Kubernetes sets `REDIS_PORT=tcp://10.0.0.1:6379` beside a Service named `redis`: that means its last part. */
export const portOrServiceLink = z
  .string()
  .transform((value) => /^tcp:\/\/[^/]+:(\d+)$/.exec(value)?.[1] ?? value)
  .pipe(port);

function urlWith(protocols: string[], example: string): z.ZodType<string, string> {
  return z
    .string()
    .refine((value) => value === '' || (URL.canParse(value) && protocols.includes(new URL(value).protocol)), {
      message: `must look like ${example}`,
    });
}

/** SQLAlchemy's `postgresql+driver://` is what a deployment of the service before may still hold. */
export const postgresDsn = z
  .string()
  .transform((value) => value.replace(/^(postgres(?:ql)?)\+\w+:/, '$1:'))
  .pipe(urlWith(['postgres:', 'postgresql:'], 'postgresql://user:password@host:5432/database'))
  .transform(withSearchPath);

/**
 * Says Prisma's `?schema=` in PostgreSQL's own words, so that it holds for migrations, raw SQL and the typed client alike:
 * that schema is the search path.
 */
function withSearchPath(dsn: string): string {
  if (dsn === '') return dsn;
  const url = new URL(dsn);
  const schema = url.searchParams.get('schema');
  if (schema === null) return dsn;
  const name = `"${schema.replaceAll('"', '""')}"`.replace(/[\\\s]/g, '\\$&');
  const options = [`-c search_path=${name}`, url.searchParams.get('options')].filter(Boolean).join(' ');
  url.searchParams.delete('schema');
  url.searchParams.set('options', options);
  return url.href;
}

/** The numbered path of a Redis URL is its database; ioredis would make anything else of it. */
export const redisUrl = urlWith(['redis:', 'rediss:'], 'redis://:password@host:6379/0').refine(
  (value) => !URL.canParse(value) || /^\/?\d*$/.test(new URL(value).pathname),
  { message: 'must end in the number of a database, such as /0, or in nothing' },
);

export interface HostAndPort {
  host: string;
  port: number;
}

const SENTINEL_PORT = 26_379;

export const sentinels = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((address) => address.trim())
      .filter(Boolean),
  )
  .pipe(
    z.array(
      z.string().transform((address, context): HostAndPort => {
        const [, host, digits = String(SENTINEL_PORT)] =
          /^(\[[0-9a-f:.]+\]|[^\s:/@[\]]+)(?::(\d+))?$/i.exec(address) ?? [];
        if (host === undefined || !port.safeParse(digits).success) {
          context.addIssue({
            code: 'custom',
            message:
              'must be host:port of each Sentinel, separated by commas, such as 10.0.0.1:26379,10.0.0.2',
          });
          return z.NEVER;
        }
        return { host: host.replace(/^\[|\]$/g, ''), port: Number(digits) };
      }),
    ),
  );

export const trustedHops = z
  .string()
  .transform((value) => ({ '': '0', false: '0', true: '1' })[value.toLowerCase()] ?? value)
  .pipe(integer(0, 16));

export const origins = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((origin) => origin.trim())
      .filter(Boolean),
  )
  .pipe(
    z.array(
      z.string().refine((origin) => URL.canParse(origin) && new URL(origin).origin === origin, {
        message: 'must be origins such as https://topline.example.org, separated by commas',
      }),
    ),
  );

export const failpoints = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((point) => point.trim())
      .filter(Boolean),
  )
  .pipe(
    z.array(
      z
        .string()
        .regex(
          /^[a-z-]+(\.[a-z-]+=(kill|freeze)(@[1-9]\d*)?)?$/,
          'must look like persist.done=kill@3, several separated by commas',
        ),
    ),
  );

/** As they are compared: in lower case, and an IPv6 address without brackets. */
export const hosts = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((host) => host.trim().toLowerCase())
      .filter(Boolean),
  )
  .pipe(
    z.array(
      z.string().regex(/^([a-z0-9._-]+|[0-9a-f:.]+)(\/\d{1,3})?$/, {
        message: 'must be host names, addresses or ranges such as 10.0.0.0/8, separated by commas',
      }),
    ),
  );

export const publicUrl = urlWith(['http:', 'https:'], 'https://topline.example.org').transform((value) =>
  value.replace(/\/+$/, ''),
);
