import { signal, type ReadonlySignal } from '@preact/signals';
import { ApiError } from '../client/request.ts';

/** Something that is read from the API, and read anew now and then. What was read stays until there is newer. */
export interface Resource<T> {
  value: ReadonlySignal<T | undefined>;
  /** A request for something else than what is there is under way. */
  loading: ReadonlySignal<boolean>;
  /** Why the last try failed; undefined after one that did not. */
  error: ReadonlySignal<ApiError | undefined>;
  /** Reads; a request that is still under way is given up. `quiet`: for what is shown already, so it is not called loading. */
  read(ask: (signal: AbortSignal) => Promise<T>, options?: { quiet?: boolean }): void;
  /** Takes away what there is. */
  clear(): void;
  close(): void;
}

export function createResource<T>(onError: (error: ApiError) => void = () => undefined): Resource<T> {
  const value = signal<T | undefined>(undefined);
  const loading = signal(false);
  const error = signal<ApiError | undefined>(undefined);
  let controller: AbortController | undefined;

  async function run(ask: (signal: AbortSignal) => Promise<T>, own: AbortController): Promise<void> {
    try {
      const read = await ask(own.signal);
      if (controller !== own) return;
      value.value = read;
      error.value = undefined;
    } catch (thrown) {
      if (controller !== own) return;
      const reason = thrown instanceof ApiError ? thrown : new ApiError(0, 'The answer could not be read.');
      error.value = reason;
      onError(reason);
    }
    loading.value = false;
  }
  function giveUp(): void {
    controller?.abort();
    controller = undefined;
    loading.value = false;
  }
  return {
    value,
    loading,
    error,
    read(ask, { quiet = false } = {}) {
      giveUp();
      controller = new AbortController();
      if (!quiet) loading.value = true;
      void run(ask, controller);
    },
    clear() {
      giveUp();
      value.value = undefined;
      error.value = undefined;
    },
    close: giveUp,
  };
}

/** Whether it is refused because no history is kept: waiting does not help then, a setting does. */
export function isWithoutHistory({ status, retryAfterSeconds }: ApiError): boolean {
  return status === 503 && retryAfterSeconds === undefined;
}
