/** Which agents the page follows, by how many parts of it do. */
export interface Subscriptions {
  /** Whether it is the first of this agent, so that the server has to be told. */
  add(agent: string): boolean;
  /** Whether it was the last one. */
  remove(agent: string): boolean;
  /** For a new connection, which knows of none. */
  all(): string[];
}

export function createSubscriptions(): Subscriptions {
  const counts = new Map<string, number>();
  return {
    add(agent) {
      const count = counts.get(agent) ?? 0;
      counts.set(agent, count + 1);
      return count === 0;
    },
    remove(agent) {
      const count = counts.get(agent) ?? 0;
      if (count > 1) counts.set(agent, count - 1);
      else counts.delete(agent);
      return count === 1;
    },
    all: () => [...counts.keys()],
  };
}
