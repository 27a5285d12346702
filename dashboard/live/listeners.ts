/** Those who want to hear of one thing. */
export interface Listeners<Arguments extends unknown[]> {
  /** Gives back what ends it. */
  add(listener: (...args: Arguments) => void): () => void;
  emit(...args: Arguments): void;
}

export function createListeners<Arguments extends unknown[]>(): Listeners<Arguments> {
  const all = new Set<(...args: Arguments) => void>();
  return {
    add(listener) {
      // One of its own for each call, so that the same function given twice is two listeners.
      const own = (...args: Arguments) => listener(...args);
      all.add(own);
      return () => void all.delete(own);
    },
    emit(...args) {
      for (const listener of Array.from(all)) listener(...args);
    },
  };
}
