import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const CHECK_MS = 2_000;

/** A storm of connections may pass; who is out of descriptors for longer is deaf, whatever it still answers. */
const EXHAUSTED_MS = 10_000;

/**
 * Watches whether this process can open anything more, by opening something. Node tells nobody when it cannot accept a
 * connection for want of a descriptor: it takes it and closes it at once.
 *
 * @param onExhausted called once, when no descriptor has been free for 10 s
 */
export function watchDescriptors(onExhausted: () => void, isExhausted = cannotOpen): { stop(): void } {
  let since: number | undefined;
  const timer = setInterval(() => {
    void isExhausted().then((exhausted) => {
      const now = performance.now();
      since = exhausted ? (since ?? now) : undefined;
      if (since === undefined || now - since < EXHAUSTED_MS) return;
      clearInterval(timer);
      onExhausted();
    });
  }, CHECK_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

async function cannotOpen(): Promise<boolean> {
  try {
    await (await open(fileURLToPath(import.meta.url))).close();
    return false;
  } catch (error) {
    return ['EMFILE', 'ENFILE'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}
