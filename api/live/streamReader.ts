import type { Writable } from 'node:stream';
import type { RecentFrames } from './recentFrames.ts';

/** One client's place in a stream of frames. */
export interface StreamReader {
  /** Writes what the connection takes at once. False: the client is so far behind that frames are gone it lacks. */
  advance(): boolean;
}

/**
 * Begins at the end of the stream. What a connection does not take stays in the stream, not in the connection: that holds
 * one write at most. `onDrain` says that it takes more; `advance` is to be called then.
 */
export function createStreamReader(
  connection: Writable,
  frames: RecentFrames,
  onDrain: () => void,
): StreamReader {
  let place = frames.end;
  let full = false;
  connection.on('drain', () => {
    full = false;
    onDrain();
  });
  return {
    advance() {
      if (full) return place === frames.end || frames.at(place) !== undefined;
      // All that is there in one write: after a batch of the workers that is many frames.
      connection.cork();
      while (!full && place < frames.end) {
        const frame = frames.at(place);
        if (frame === undefined) break;
        place += 1;
        full = !connection.write(frame);
      }
      connection.uncork();
      return place === frames.end || frames.at(place) !== undefined;
    },
  };
}
