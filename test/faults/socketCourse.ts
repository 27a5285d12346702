import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CaseContext, Findings } from './case.ts';
import type { HealthySocket, Span } from './deliveries.ts';
import type { Load } from './load.ts';
import { epochMs, type LoadPlan } from './plan.ts';
import { cpuSeconds, memoryMb } from './processFigures.ts';
import type { SocketGroup } from './socketPlan.ts';
import { startSockets, type Sockets } from './sockets.ts';
import type { Stand, StandOptions } from './stand.ts';

export const ONE_NODE: StandOptions = { apis: 1, workers: ['timeline,persist,alerts'] };

const AGENTS = 40;

export const agentId = (index: number) => `agent0-${index % AGENTS}`;

/** Most of those who look at a page look at one host; some keep the whole fleet in view. */
const MIXED = Array.from({ length: 45 }, (_, i) => (i % 9 < 2 ? ('*' as const) : [agentId(i)]));

/** What a case with live sockets works with. */
export interface Course {
  context: CaseContext;
  stand: Stand;
  findings: Findings;
  load: Load;
  sockets: Sockets;
  url: string;
  healthy: HealthySocket[];
}

/** Opens a group and counts what could not be opened as a problem. */
export async function open(
  { sockets, findings, url }: Course,
  group: Omit<SocketGroup, 'url'> & { url?: string },
) {
  await sockets.open({ url, ...group });
  const failed = sockets.state(group.name)?.failed ?? {};
  for (const [reason, count] of Object.entries(failed))
    findings.problems.push(`${count} of ${group.count} sockets did not open (${group.name}): ${reason}`);
}

/** Opens sockets that are read all the time, half of each kind. */
export async function openHealthy(course: Course, count: number): Promise<void> {
  const half = Math.floor(count / 2);
  await open(course, { name: 'healthy raw', kind: 'websocket', count: half, subscriptions: [] });
  await open(course, { name: 'healthy io', kind: 'socket.io', count: half, subscriptions: MIXED });
  const first = (name: string) => course.sockets.state(name)?.first ?? 0;
  for (let i = 0; i < half; i += 1) {
    const subscription = MIXED[i % MIXED.length];
    course.healthy.push({ number: first('healthy raw') + i, wants: () => true });
    course.healthy.push({
      number: first('healthy io') + i,
      wants: (agent) => subscription === '*' || (subscription?.includes(agent) ?? false),
    });
  }
}

export interface Phase {
  span: Span;
  cpuPercent: number;
  grownMb: number;
}

/** Watches the API for so long, and looks at its memory meanwhile; what it grew by counts from `memoryBefore`. */
export async function watch(
  { stand }: Course,
  seconds: number,
  memoryBefore: number,
  look: () => Promise<void> = async () => undefined,
): Promise<Phase> {
  const pid = stand.apis[0]?.pid;
  const from = epochMs();
  const cpu = cpuSeconds(pid);
  let highest = 0;
  while (epochMs() - from < seconds * 1_000) {
    await look();
    highest = Math.max(highest, memoryMb(pid));
    await delay(100);
  }
  const to = epochMs();
  const cpuPercent = ((cpuSeconds(pid) - cpu) / ((to - from) / 1_000)) * 100;
  return { span: { from, to }, cpuPercent, grownMb: highest - memoryBefore };
}

/** Begins: no socket is open, and nothing is sent yet. */
export async function beginCourse(
  context: CaseContext,
  stand: Stand,
  findings: Findings,
  plan: Partial<LoadPlan>,
): Promise<Course> {
  const [url = ''] = stand.urls;
  const sockets = startSockets(join(context.ground.directory, `arrivals-${Date.now()}.bin`));
  return {
    context,
    stand,
    findings,
    load: stand.startLoad({ agents: AGENTS, lanes: 1, perSecond: 0, ...plan }),
    sockets,
    url,
    healthy: [],
  };
}
