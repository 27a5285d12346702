import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { BrowserContext, Page } from 'playwright-core';

/** WCAG up to 2.2 AA, and what axe's makers hold to be good besides. */
const RULES: RunOptions = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  resultTypes: ['violations'],
};

/** What keeps somebody from using a page; lesser findings are told and fail nothing. */
const GRAVE = ['serious', 'critical'];

export interface AxeFindings {
  grave: string[];
  lesser: string[];
}

/** Puts axe into every page of a browser before the page's own code: the page's policy lets nothing in later. */
export async function withAxe(context: BrowserContext): Promise<void> {
  const file = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  await context.addInitScript({ content: await readFile(file, 'utf8') });
}

/** What axe has to say of a page as it is now. */
export async function findingsOfAxe(page: Page): Promise<AxeFindings> {
  const { violations } = await page.evaluate(async (rules) => {
    const { axe } = globalThis as unknown as {
      axe: { run(context: Document, options: RunOptions): Promise<AxeResults> };
    };
    return axe.run(document, rules);
  }, RULES);
  const told = violations.map(({ id, impact, help, nodes }) => ({
    impact: impact ?? '',
    text: `${id} (${impact}): ${help}: ${nodes
      .slice(0, 3)
      .map(
        ({ target, failureSummary }) =>
          `${target.join(' ')} ${failureSummary?.split('\n').at(-1)?.trim() ?? ''}`,
      )
      .join('; ')}${nodes.length > 3 ? ` and ${nodes.length - 3} more` : ''}`,
  }));
  return {
    grave: told.filter(({ impact }) => GRAVE.includes(impact)).map(({ text }) => text),
    lesser: told.filter(({ impact }) => !GRAVE.includes(impact)).map(({ text }) => text),
  };
}
