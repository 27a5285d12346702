/** What a long run is doing, for whoever waits for it: of the benchmark, the fault tests and an import. */
export interface Progress {
  /** What is being done now: one line that is written over on a terminal, and now and then elsewhere. */
  show(text: string): void;
  line(text: string): void;
}

const EVERY_MS = 10_000;

export function createProgress(): Progress {
  const { stdout } = process;
  let shownAt = 0;
  return {
    show(text) {
      if (stdout.isTTY) stdout.write(`\r\x1b[K${text.slice(0, stdout.columns - 1)}`);
      else if (Date.now() - shownAt > EVERY_MS) {
        shownAt = Date.now();
        stdout.write(`  … ${text}\n`);
      }
    },
    line(text) {
      stdout.write(`${stdout.isTTY ? '\r\x1b[K' : ''}${text}\n`);
    },
  };
}
