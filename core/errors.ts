/** One fault in a request, in the form existing clients read (that of FastAPI). */
export interface FieldFault {
  loc: (string | number)[];
  msg: string;
  type: string;
}

/** An error that may be told to a client: what it says is meant for them. */
export class ServiceError extends Error {
  override readonly name: string = 'ServiceError';
  readonly status: number;
  readonly detail: string | FieldFault[];
  /** Seconds after which the same request is worth repeating; absent where repeating is pointless. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    status: number,
    detail: string | FieldFault[],
    retryAfterSeconds?: number,
    options?: ErrorOptions,
  ) {
    super(
      typeof detail === 'string'
        ? detail
        : detail.map((fault) => `${fault.loc.join('.')}: ${fault.msg}`).join('; '),
      options,
    );
    this.status = status;
    this.detail = detail;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** 422: the request was understood and is wrong, with every fault named. */
export class InvalidRequestError extends ServiceError {
  override readonly name = 'InvalidRequestError';
  constructor(faults: FieldFault[]) {
    super(422, faults);
  }
}

/** 503: a store or the queue cannot take it now; the same request will succeed later. */
export class UnavailableError extends ServiceError {
  override readonly name = 'UnavailableError';
  constructor(detail: string, options: { retryAfterSeconds?: number; cause?: unknown } = {}) {
    super(503, detail, options.retryAfterSeconds ?? 2, { cause: options.cause });
  }
}

/** Data that no repeating will make storable: the job that carries it fails at once, with this reason. */
export class RejectedDataError extends Error {
  override readonly name = 'RejectedDataError';
}

/** What a job is about cannot be done yet, by no fault of its own: it is put back for that long, and keeps its attempts. */
export class PostponedError extends Error {
  override readonly name = 'PostponedError';
  readonly delayMs: number;
  constructor(message: string, delayMs: number) {
    super(message);
    this.delayMs = delayMs;
  }
}

/** An attempt that came to nothing; the next one is worth making after that long. */
export class RetryLaterError extends Error {
  override readonly name = 'RetryLaterError';
  readonly delayMs: number;
  constructor(message: string, delayMs: number) {
    super(message);
    this.delayMs = delayMs;
  }
}

/** The environment cannot be used; the message names every wrong variable and never a secret's value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: string[];
  constructor(faults: string[]) {
    super(`The configuration cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/** Something the user can put right before the next start: its message is all they need, without a stack. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
