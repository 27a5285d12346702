/** A store that takes longer counts as out of reach; the answer is due within 2 s, whatever hangs. */
export const PATIENCE_MS = 1_500;

/** The answer, or undefined where there was an error or none in time. */
export async function within<T>(ms: number, ask: () => Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)));
  try {
    return await Promise.race([ask(), patience]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
