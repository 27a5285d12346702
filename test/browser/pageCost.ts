import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { z } from 'zod';

/** What a page took of the machine over a while. */
export interface PageCost {
  /** Share of the time during which the main thread was in a task, in percent, also while it waited for a processor. */
  busyPercent: number;
  /** The same counting only the time for which it had a processor: what the page takes of any machine. */
  processorPercent: number;
  /** Longest single task, waiting included, in ms: what a click could have had to wait for. */
  longestTaskMs: number;
}

const eventSchema = z.object({
  name: z.string(),
  ph: z.string(),
  pid: z.number(),
  tid: z.number(),
  ts: z.number(),
  /** Microseconds, also of the processor's time alone. */
  dur: z.number().optional(),
  tdur: z.number().optional(),
  args: z.object({ name: z.string().optional() }).optional(),
});
type TraceEvent = z.output<typeof eventSchema>;

/** What the scheduler of a thread runs; a task within a task is part of it. */
const TASK = 'RunTask';
const CATEGORIES = ['disabled-by-default-devtools.timeline', '__metadata'];

/** Traces a page while it is left alone. Of a browser with no other page at work. */
export async function measureCost(browser: Browser, page: Page, seconds: number): Promise<PageCost> {
  await browser.startTracing(page, { categories: CATEGORIES });
  await delay(seconds * 1000);
  const trace = JSON.parse((await browser.stopTracing()).toString('utf8')) as { traceEvents: unknown[] };
  const events = trace.traceEvents.flatMap((event) => eventSchema.safeParse(event).data ?? []);
  return costOf(events, seconds);
}

/** @throws {Error} where the trace has no main thread of a page, so that nothing was measured */
export function costOf(events: readonly TraceEvent[], seconds: number): PageCost {
  const threads = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid}:${tid}`),
  );
  const tasks = new Map<string, TraceEvent[]>();
  for (const event of events) {
    const thread = `${event.pid}:${event.tid}`;
    if (event.name !== TASK || event.ph !== 'X' || !threads.has(thread)) continue;
    tasks.set(thread, [...(tasks.get(thread) ?? []), event]);
  }
  // A browser keeps a renderer ready for the next page, which does next to nothing.
  const costs = [...tasks.values()].map((list) => ({
    busyPercent: sum(list, 'dur') / seconds / 1e4,
    processorPercent: sum(list, 'tdur') / seconds / 1e4,
    longestTaskMs: Math.max(...list.map(({ dur = 0 }) => dur)) / 1000,
  }));
  const [busiest] = costs.toSorted((a, b) => b.busyPercent - a.busyPercent);
  if (busiest === undefined) throw new Error('the trace has no task of the main thread of a page');
  return busiest;
}

function sum(tasks: readonly TraceEvent[], key: 'dur' | 'tdur'): number {
  return tasks.reduce((total, task) => total + (task[key] ?? 0), 0);
}

/** JavaScript's memory of a page after garbage was collected, in bytes. */
export async function heapBytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  try {
    await session.send('HeapProfiler.collectGarbage');
    return (await session.send('Runtime.getHeapUsage')).usedSize;
  } finally {
    await session.detach();
  }
}
