/** So many failures in a row open a circuit. */
const OPENS_AFTER = 3;

/** How long it stays open at first; each trial that fails doubles it. */
const FIRST_OPEN_MS = 5_000;
const LONGEST_OPEN_MS = 5 * 60_000;

/**
 * How many messages to one channel are under way at a time: a receiver that accepts and never answers would otherwise take
 * all places there are (workers/notify/open). One that failed last gets fewer, and one to be tried gets one.
 */
const MAX_IN_FLIGHT = 8;
const MAX_IN_DOUBT = 2;

/** How long one that finds no place is put back, for each one that was put back before it: they come back one by one. */
const WAIT_MS = 5;
const LONGEST_WAIT_MS = 5_000;

interface Circuit {
  inFlight: number;
  /** Put back since the last message was done. */
  waiting: number;
  failuresInARow: number;
  /** Until when nothing is sent, epoch ms. */
  openUntilMs: number;
}

/**
 * Keeps a channel that does not work from delaying others: nothing is sent to it for a while, and then one message first.
 * What is known is known to this process alone; each finds out by itself, at the price of three attempts.
 */
export class Circuits {
  readonly #circuits = new Map<string, Circuit>();

  /** Takes a place for a message. Undefined where there was one, to be given back by `leave`; else how long to wait, in ms. */
  enter(channelId: string, nowMs: number): number | undefined {
    const circuit = this.#of(channelId);
    if (nowMs < circuit.openUntilMs) return circuit.openUntilMs - nowMs + this.#queueUp(circuit);
    if (circuit.inFlight >= placesOf(circuit)) return this.#queueUp(circuit);
    circuit.inFlight += 1;
    return undefined;
  }

  /** @param pauseMs for how long the receiver asked to be left alone */
  leave(channelId: string, worked: boolean, nowMs: number, pauseMs = 0): void {
    const circuit = this.#of(channelId);
    circuit.inFlight = Math.max(0, circuit.inFlight - 1);
    circuit.waiting = 0;
    circuit.failuresInARow = worked ? 0 : circuit.failuresInARow + 1;
    const opened = circuit.failuresInARow - OPENS_AFTER;
    const openMs = opened < 0 ? 0 : Math.min(FIRST_OPEN_MS * 2 ** opened, LONGEST_OPEN_MS);
    circuit.openUntilMs = worked && pauseMs === 0 ? 0 : nowMs + Math.max(openMs, pauseMs);
    if (worked && circuit.inFlight === 0 && pauseMs === 0) this.#circuits.delete(channelId);
  }

  /** Channels to which nothing is sent now, or only to try. */
  open(): string[] {
    return [...this.#circuits]
      .filter(([, { failuresInARow }]) => failuresInARow >= OPENS_AFTER)
      .map(([channelId]) => channelId);
  }

  #queueUp(circuit: Circuit): number {
    circuit.waiting += 1;
    return Math.min(circuit.waiting * WAIT_MS, LONGEST_WAIT_MS);
  }

  #of(channelId: string): Circuit {
    let circuit = this.#circuits.get(channelId);
    if (circuit === undefined) {
      circuit = { inFlight: 0, waiting: 0, failuresInARow: 0, openUntilMs: 0 };
      this.#circuits.set(channelId, circuit);
    }
    return circuit;
  }
}

function placesOf({ failuresInARow }: Circuit): number {
  if (failuresInARow === 0) return MAX_IN_FLIGHT;
  return failuresInARow < OPENS_AFTER ? MAX_IN_DOUBT : 1;
}
