const STORED = 'topline_snapshots_stored_total';

/** Snapshots that every stage with a count of its own is done with, as the worker on this port tells. */
export async function readStored(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  return storedIn(await answer.text());
}

/**
 * @param page of Prometheus figures
 * @throws {Error} where the page does not have them
 */
export function storedIn(page: string): number {
  if (!page.includes(`# TYPE ${STORED}`)) throw new Error(`the worker does not tell ${STORED}`);
  return Math.min(...['timeline', 'persist'].map((stage) => sum(page, `stage="${stage}"`)));
}

function sum(page: string, label: string): number {
  return page
    .split('\n')
    .filter((line) => line.startsWith(`${STORED}{`) && line.includes(label))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
