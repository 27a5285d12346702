/** A figure at or above where its rule begins to care. Of a time with a sample and without a reading it is below. */
export interface Reading {
  at: number;
  /** What the condition tells apart: a pid, or 0. */
  key: number;
  value: number;
}
