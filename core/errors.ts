/** One fault in what was asked or handed in, in the form existing clients read (that of FastAPI). */
export interface FieldFault {
  loc: (string | number)[];
  msg: string;
  type: string;
}

// The messages of the next five are meant for whoever asked; api/http/errors.ts chooses the HTTP status of each.

/** There is none of that id. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
}

/** It cannot be done in the state that things are in. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

/** Somebody changed it since it was read. */
export class StaleVersionError extends Error {
  override readonly name = 'StaleVersionError';
}

/** What was asked was understood and is wrong, with every fault named. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError';
  readonly faults: FieldFault[];
  constructor(faults: FieldFault[]) {
    super(faults.map((fault) => `${fault.loc.join('.')}: ${fault.msg}`).join('; '));
    this.faults = faults;
  }
}

/** A store or the queue cannot do it now; the same will succeed later. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
  readonly retryAfterSeconds: number;
  constructor(
    message: string,
    { retryAfterSeconds = 2, cause }: { retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.retryAfterSeconds = retryAfterSeconds;
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
