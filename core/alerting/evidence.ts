/** What the snapshots of a window came to. */
export interface Evidence {
  peak: number;
  /** Of the values of those in which the condition held. */
  sum: number;
  held: number;
  /** All of them, with those of a pause while it was kept firing. */
  samples: number;
  /** How often more than 3 usual intervals lay between two. */
  gaps: number;
  /** Epoch seconds of the last one. */
  lastAt: number;
}

export function evidenceOf(at: number, value: number): Evidence {
  return { peak: value, sum: value, held: 1, samples: 1, gaps: 0, lastAt: at };
}

export function withSample(evidence: Evidence, at: number, value: number): Evidence {
  const { peak, sum, held, samples, gaps } = evidence;
  return {
    peak: Math.max(peak, value),
    sum: sum + value,
    held: held + 1,
    samples: samples + 1,
    gaps,
    lastAt: at,
  };
}
