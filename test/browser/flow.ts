import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Browser } from 'playwright-core';
import { messageOf } from '../../core/errors.ts';
import { crashesOf, type Service } from './service.ts';
import type { Place } from './pages.ts';
import { openVisit, type Visit, type VisitOptions } from './visit.ts';

/** Where what a run leaves goes: figures, and pictures of what went wrong. */
export const OUTPUT = '.topline/browser';

/** What a flow works with. */
export interface Scene {
  service: Service;
  browser: Browser;
  /** How long 1,000 hosts report, in seconds. */
  loadSeconds: number;
  /** Opens a browser of its own, closed with the flow. */
  visit(options?: VisitOptions): Promise<Visit>;
  /** Keeps a figure for the report. */
  figure(name: string, value: number, unit: string): void;
  /** Keeps something worth knowing that is no fault. */
  note(text: string): void;
  /** Tells how a long flow is getting on. */
  progress(text: string): void;
}

/** Something a person does, and what must come of it; its name is a sentence about that. */
export interface Flow {
  name: string;
  /** Throws where something is not as it must be. */
  run(scene: Scene): Promise<void>;
}

/** Flows that share a service and what is stored in it. */
export interface Group {
  name: string;
  /** Settings of the service beside the default ones. */
  env?: Record<string, string>;
  /**
   * Stores what the flows begin with; gives what ends it again.
   *
   * @param crowded with more hosts than flows need, for pictures
   */
  prepare?(service: Service, crowded: boolean): Promise<() => Promise<void>>;
  /** The pages there are to see, once all is prepared. */
  places?(): Place[];
  flows: Flow[];
}

export interface Outcome {
  group: string;
  flow: string;
  seconds: number;
  problems: string[];
  notes: string[];
  figures: Record<string, { value: number; unit: string }>;
}

/** Runs one flow. Whatever its pages complain of is a fault, whether the flow looked at it or not. */
export async function runFlow(
  group: Group,
  flow: Flow,
  surroundings: Pick<Scene, 'service' | 'browser' | 'loadSeconds' | 'progress'>,
): Promise<Outcome> {
  const { service, browser } = surroundings;
  const began = performance.now();
  const visits: Visit[] = [];
  const problems: string[] = [];
  const notes: string[] = [];
  const figures: Outcome['figures'] = {};
  const crashesBefore = crashesOf(service).length;
  const scene: Scene = {
    ...surroundings,
    async visit(options) {
      const visit = await openVisit(browser, service.urls, options);
      visits.push(visit);
      return visit;
    },
    note: (text) => void notes.push(text),
    figure: (name, value, unit) => void (figures[name] = { value, unit }),
  };
  try {
    await flow.run(scene);
  } catch (error) {
    problems.push(stripVTControlCharacters(messageOf(error)));
    await keepPictures(visits, `${group.name} ${flow.name}`);
  }
  for (const visit of visits) {
    problems.push(...visit.problems);
    await visit.context.close().catch(() => undefined);
  }
  problems.push(...crashesOf(service).slice(crashesBefore));
  const seconds = (performance.now() - began) / 1000;
  return { group: group.name, flow: flow.name, seconds, problems: [...new Set(problems)], notes, figures };
}

async function keepPictures(visits: Visit[], name: string): Promise<void> {
  await mkdir(join(OUTPUT, 'failures'), { recursive: true });
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 80);
  for (const [i, { context }] of visits.entries())
    for (const [j, page] of context.pages().entries())
      await page
        .screenshot({ path: join(OUTPUT, 'failures', `${slug}-${i + 1}-${j + 1}.png`), timeout: 5_000 })
        .catch(() => undefined);
}
