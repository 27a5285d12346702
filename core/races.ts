/** How often what others keep changing is tried: each loss of the race means that another one won it. */
export const MAX_RACES = 20;

/**
 * Reads, decides and replaces, again and again until nobody came in between. No pause is needed: whoever loses a race has
 * to read first, and by then the winner is done.
 *
 * @param attempt what it came to, undefined where somebody else was faster
 * @returns undefined where somebody was faster {@link MAX_RACES} times
 */
export async function untilWon<T extends {}>(attempt: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let race = 0; race < MAX_RACES; race += 1) {
    const won = await attempt();
    if (won !== undefined) return won;
  }
  return undefined;
}

/**
 * The same for many, each with a race of its own.
 *
 * @param attempt the ids of those that somebody else was faster with, of those that it is given
 * @returns the ids that lost every race
 */
export async function retryLost(
  ids: Iterable<string>,
  attempt: (ids: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<string[]> {
  let waiting = [...ids];
  await untilWon(async () => {
    if (waiting.length === 0) return true;
    const lost = await attempt(waiting);
    waiting = waiting.filter((id) => lost.has(id));
    return waiting.length === 0 || undefined;
  });
  return waiting;
}
