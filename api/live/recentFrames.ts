/**
 * The newest frames of a stream that many clients read, each at its own place. Whoever is behind reads on from here, so
 * all of them together hold no more than this, however many they are.
 */
export interface RecentFrames {
  /** Place behind the newest frame: where a new client begins. */
  readonly end: number;
  push(frame: Buffer): void;
  /** The frame at a place before `end`; undefined once it is too old to be kept. */
  at(place: number): Buffer | undefined;
}

/** @param maxBytes how much is kept; the newest frame always is */
export function createRecentFrames(maxBytes: number): RecentFrames {
  const frames = new Map<number, Buffer>();
  let start = 0;
  let end = 0;
  let bytes = 0;
  return {
    get end() {
      return end;
    },
    push(frame) {
      frames.set(end++, frame);
      bytes += frame.length;
      while (bytes > maxBytes && end - start > 1) {
        bytes -= frames.get(start)?.length ?? 0;
        frames.delete(start++);
      }
    },
    at: (place) => frames.get(place),
  };
}
