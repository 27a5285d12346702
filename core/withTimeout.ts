/**
 * What work comes to, if that is in time. Past it nobody waits any longer, but the work goes on.
 *
 * @param late gives what counts instead, or throws
 */
export async function withTimeout<T, Late = never>(
  ms: number,
  work: () => T | Promise<T>,
  late: () => Late,
): Promise<T | Late> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    return await Promise.race([work(), timeout.then(late)]);
  } finally {
    clearTimeout(timer);
  }
}
