/** What is wrong with one field of a request: the part of the request and the way to the field in it. */
export interface FieldError {
  loc: readonly (string | number)[];
  msg: string;
}

/** An answer that is not what was asked for, or none at all (status 0). */
export class ApiError extends Error {
  readonly status: number;
  /** What a 422 says of each field; empty otherwise. */
  readonly errors: readonly FieldError[];
  /** Seconds after which the server says to come back; undefined where it does not. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    status: number,
    detail: string,
    retryAfterSeconds?: number,
    errors: readonly FieldError[] = [],
  ) {
    super(detail);
    this.name = 'ApiError';
    this.status = status;
    this.errors = errors;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  body?: unknown;
  /** The version that was read: the change is refused (412) where somebody else made another meanwhile. */
  ifVersion?: number | undefined;
  signal?: AbortSignal;
}

export interface Api {
  /**
   * Asks the API, and takes its word for what the answer is: the types are those of the contracts. An answer without a body
   * is undefined.
   *
   * @throws {ApiError} where the answer is not 2xx, or does not come
   */
  request<T>(path: string, options?: RequestOptions): Promise<T>;
  /** The answer as it is, for one that is read bit by bit; the same errors. */
  open(path: string, options?: RequestOptions): Promise<Response>;
}

export interface ApiOptions {
  fetch: typeof fetch;
  /** Told of every 401 but those of a sign-in: the session is over, or was never begun. */
  onUnauthorized: () => void;
  /** Told of the server's time, in ms, whenever an answer carries it. */
  onServerTime?: (serverMs: number) => void;
}

const SIGN_IN = '/api/session';

/** Requests to our own origin, with the session's cookie. */
export function createApi({ fetch, onUnauthorized, onServerTime }: ApiOptions): Api {
  async function open(
    path: string,
    { method = 'GET', body, ifVersion, signal }: RequestOptions = {},
  ): Promise<Response> {
    const response = await fetch(path, {
      method,
      signal: signal ?? null,
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(ifVersion === undefined ? {} : { 'If-Match': `"${ifVersion}"` }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    }).catch((error: unknown) => {
      if (signal?.aborted === true) throw error;
      throw new ApiError(0, 'The server does not answer.');
    });
    const serverMs = Date.parse(response.headers.get('Date') ?? '');
    if (!Number.isNaN(serverMs)) onServerTime?.(serverMs);
    if (response.ok) return response;
    if (response.status === 401 && path !== SIGN_IN) onUnauthorized();
    throw await asError(response);
  }
  return {
    open,
    async request<T>(path: string, options?: RequestOptions) {
      const response = await open(path, options);
      return (response.status === 204 ? undefined : await response.json()) as T;
    },
  };
}

async function asError(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get('Retry-After') ?? 'none');
  const body: unknown = await response.json().catch(() => undefined);
  return new ApiError(
    response.status,
    detailOf(body) ?? `The server answered ${response.status}.`,
    Number.isFinite(retryAfter) ? retryAfter : undefined,
    fieldErrorsIn(body),
  );
}

/** What `{"detail": …}` says: a text, or what is wrong with each field. */
function detailOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('detail' in body)) return undefined;
  const { detail } = body;
  if (typeof detail === 'string') return detail;
  if (!Array.isArray(detail)) return undefined;
  return fieldErrorsIn(body)
    .map(({ loc, msg }) => `${loc.join('.')}: ${msg}`)
    .join('; ');
}

function fieldErrorsIn(body: unknown): FieldError[] {
  if (typeof body !== 'object' || body === null || !('detail' in body)) return [];
  const { detail } = body;
  if (!Array.isArray(detail)) return [];
  const errors = detail as Partial<FieldError>[];
  return errors.map(({ loc = [], msg = '' }) => ({ loc, msg }));
}
