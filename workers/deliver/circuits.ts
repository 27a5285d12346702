import type { Outcome } from './outcome.ts';
import { LONGEST_MS } from './retry.ts';

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

/** How long a message is put back at most: its channel may be changed in the file, or opened in another process. */
const LOOK_MS = 60_000;

interface Circuit {
  /** What the channel was when it was last spoken to. */
  target: string;
  inFlight: number;
  /** Put back since the last message was done. */
  waiting: number;
  failuresInARow: number;
  /** The last message was refused for good. */
  isRefused: boolean;
  /** Until when nothing is sent, epoch ms. */
  openUntilMs: number;
  /** How often it had been opened by hand when that was last looked at, while nothing is sent. */
  openings: number | undefined;
}

/** What is known of a channel. */
export interface CircuitView {
  failuresInARow: number;
  isRefused: boolean;
  /** Until when nothing is sent, epoch ms; undefined while something is. */
  openUntilMs: number | undefined;
}

/**
 * Keeps a channel that does not work from delaying others: nothing is sent to it for a while, and then one message first.
 * What is known is known to this process alone; each finds out by itself, at the price of three attempts.
 */
export class Circuits {
  readonly #circuits = new Map<string, Circuit>();

  /**
   * Takes a place for a message. Undefined where there was one, to be given back by `leave`; else how long to wait, in ms.
   *
   * @param target what the channel is: of another one nothing is known yet
   */
  enter(channelId: string, nowMs: number, target = ''): number | undefined {
    const circuit = this.#of(channelId, target);
    if (circuit.target !== target) Object.assign(circuit, fresh(target));
    if (nowMs < circuit.openUntilMs)
      return Math.min(circuit.openUntilMs - nowMs, LOOK_MS) + this.#queueUp(circuit);
    if (circuit.inFlight >= placesOf(circuit)) return this.#queueUp(circuit);
    circuit.inFlight += 1;
    return undefined;
  }

  /** Gives a place back of a message that was not sent. */
  giveBack(channelId: string): void {
    const circuit = this.#circuits.get(channelId);
    if (circuit !== undefined) circuit.inFlight = Math.max(0, circuit.inFlight - 1);
  }

  /** @param outcome undefined where the attempt broke off */
  leave(channelId: string, nowMs: number, outcome: Outcome | undefined, target = ''): void {
    const circuit = this.#of(channelId, target);
    circuit.inFlight = Math.max(0, circuit.inFlight - 1);
    circuit.waiting = 0;
    // That what the channel was before does not work says nothing of what it is now.
    if (circuit.target !== target) return;
    const worked = outcome !== undefined && (outcome.result !== 'again' || outcome.isAlive === true);
    const pauseMs = Math.min(
      (outcome?.result === 'again' ? outcome.retryAfterMs : undefined) ?? 0,
      LONGEST_MS,
    );
    circuit.failuresInARow = worked ? 0 : circuit.failuresInARow + 1;
    circuit.isRefused = outcome?.result === 'failed';
    const opened = circuit.failuresInARow - OPENS_AFTER;
    const openMs = opened < 0 ? 0 : Math.min(FIRST_OPEN_MS * 2 ** opened, LONGEST_OPEN_MS);
    circuit.openUntilMs = worked && pauseMs === 0 ? 0 : nowMs + Math.max(openMs, pauseMs);
    circuit.openings = undefined;
    if (worked && !circuit.isRefused && pauseMs === 0 && circuit.inFlight === 0)
      this.#circuits.delete(channelId);
  }

  /** Forgets what was wrong with a channel: it was opened by hand, or has shown that it works. */
  reset(channelId: string): void {
    const circuit = this.#circuits.get(channelId);
    if (circuit !== undefined) Object.assign(circuit, fresh(circuit.target));
  }

  /**
   * Opens a channel to which nothing is sent, where that was done by hand since this was last asked.
   *
   * @param openings how often it has been done
   */
  noteOpenings(channelId: string, openings: number): void {
    const circuit = this.#circuits.get(channelId);
    if (circuit === undefined) return;
    if (circuit.openings !== undefined && circuit.openings !== openings) this.reset(channelId);
    else circuit.openings = openings;
  }

  /** Whether nothing is sent to a channel now. */
  isOpen(channelId: string, nowMs: number): boolean {
    return (this.#circuits.get(channelId)?.openUntilMs ?? 0) > nowMs;
  }

  view(channelId: string, nowMs: number): CircuitView {
    const { failuresInARow = 0, isRefused = false, openUntilMs = 0 } = this.#circuits.get(channelId) ?? {};
    return { failuresInARow, isRefused, openUntilMs: openUntilMs > nowMs ? openUntilMs : undefined };
  }

  /** Channels to which nothing is sent now, or only to try. */
  open(nowMs: number): string[] {
    return this.#those(
      ({ failuresInARow, openUntilMs }) => failuresInARow >= OPENS_AFTER || openUntilMs > nowMs,
    );
  }

  /** Channels that did not take the last message. */
  unhealthy(): string[] {
    return this.#those(({ failuresInARow, isRefused }) => failuresInARow > 0 || isRefused);
  }

  #those(isOne: (circuit: Circuit) => boolean): string[] {
    return [...this.#circuits].filter(([, circuit]) => isOne(circuit)).map(([channelId]) => channelId);
  }

  #queueUp(circuit: Circuit): number {
    circuit.waiting += 1;
    return Math.min(circuit.waiting * WAIT_MS, LONGEST_WAIT_MS);
  }

  #of(channelId: string, target: string): Circuit {
    let circuit = this.#circuits.get(channelId);
    if (circuit === undefined) {
      circuit = { inFlight: 0, waiting: 0, ...fresh(target) };
      this.#circuits.set(channelId, circuit);
    }
    return circuit;
  }
}

function fresh(target: string): Omit<Circuit, 'inFlight' | 'waiting'> {
  return { target, failuresInARow: 0, isRefused: false, openUntilMs: 0, openings: undefined };
}

function placesOf({ failuresInARow }: Circuit): number {
  if (failuresInARow === 0) return MAX_IN_FLIGHT;
  return failuresInARow < OPENS_AFTER ? MAX_IN_DOUBT : 1;
}
