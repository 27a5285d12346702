import { signal, type ReadonlySignal } from '@preact/signals';

/** The server's time, as well as it is known: what the page shows as "3 s ago" is measured by it. */
export interface Clock {
  /** Epoch seconds, whole; moves once a second while the page can be seen. */
  now: ReadonlySignal<number>;
  /** Epoch ms at this instant. */
  nowMs(): number;
  /** Learns how far this machine's clock is off; `serverMs` is cut to whole seconds (the `Date` header). */
  learn(serverMs: number): void;
  close(): void;
}

/** Below this many ms the clocks are taken to agree: the header is cut to seconds, and the answer was on its way. */
const TOLERATED_MS = 2_000;

export function startClock(document: Document): Clock {
  let offsetMs = 0;
  const nowMs = () => Date.now() + offsetMs;
  const now = signal(Math.floor(nowMs() / 1000));
  const tick = () => {
    if (!document.hidden) now.value = Math.floor(nowMs() / 1000);
  };
  const timer = setInterval(tick, 1_000);
  document.addEventListener('visibilitychange', tick);
  return {
    now,
    nowMs,
    learn(serverMs) {
      const ahead = serverMs + 500 - Date.now();
      offsetMs = Math.abs(ahead) < TOLERATED_MS ? 0 : ahead;
      tick();
    },
    close() {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    },
  };
}
