import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFaketime } from './packages.ts';

/** A clock of a process' own, that can be set while it runs. */
export interface FalseClock {
  /** What the process must have in its environment from its start on. */
  env: Record<string, string>;
  /** Seconds ahead of the true time, or behind it where negative; takes effect at once. */
  set(seconds: number): void;
}

export async function createClock(directory: string, name: string, seconds: number): Promise<FalseClock> {
  const file = join(directory, `${name.replaceAll(' ', '-')}.clock`);
  const set = (offset: number) => writeFileSync(file, `${offset < 0 ? '' : '+'}${offset}`);
  set(seconds);
  return {
    env: {
      LD_PRELOAD: await findFaketime(),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      // Only what the clock on the wall shows is wrong: timers and deadlines run on.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    set,
  };
}
