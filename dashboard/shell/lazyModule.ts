import { signal, type ReadonlySignal } from '@preact/signals';

/** What is fetched when it is needed, or before that. */
export interface LazyModule<T> {
  /** Undefined until it is here. */
  loaded: ReadonlySignal<T | undefined>;
  /** Whether it was needed, and could not be fetched. */
  failed: ReadonlySignal<boolean>;
  /** Has it fetched ahead; a failure is nobody's business until it is needed. */
  preload(): void;
  /** Has it fetched where it is not here yet, and tells a failure. Each time one needs it, it is tried again. */
  need(): void;
}

/**
 * Both are signals, and not the state of a component: what was fetched ahead may come between a component's first rendering
 * and the moment from which it waits.
 */
export function lazyModule<T>(load: () => Promise<T>): LazyModule<T> {
  const loaded = signal<T | undefined>(undefined);
  const failed = signal(false);
  const come = (value: T) => void (loaded.value = value);
  return {
    loaded,
    failed,
    preload: () => void load().then(come, () => undefined),
    need() {
      if (loaded.peek() !== undefined) return;
      failed.value = false;
      void load().then(come, () => (failed.value = true));
    },
  };
}
