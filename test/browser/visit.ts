import type { Browser, BrowserContext, Page } from 'playwright-core';

/** How somebody comes: by default at a desk, in the light. */
export interface VisitOptions {
  width?: number;
  height?: number;
  colorScheme?: 'light' | 'dark';
  /** Errors in the console that this flow brings about by itself, such as a server that is away. */
  expectedErrors?: RegExp;
}

/** A person at a browser of their own, watched for whatever a page should not say. */
export interface Visit {
  page: Page;
  context: BrowserContext;
  /** What went wrong in its pages: errors, violations of the content security policy, requests to elsewhere. */
  problems: string[];
}

/** Of a phone, the narrowest in use. */
export const PHONE = { width: 360, height: 740 };
export const DESK = { width: 1280, height: 800 };

/**
 * Opens a browser of its own (cookies, storage) at this address.
 *
 * @param origins where its requests may go
 */
export async function openVisit(
  browser: Browser,
  origins: readonly string[],
  { width, height, colorScheme = 'light', expectedErrors }: VisitOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: width ?? DESK.width, height: height ?? DESK.height },
    colorScheme,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
  });
  const problems: string[] = [];
  const note = (problem: string) => {
    if (expectedErrors?.test(problem) !== true) problems.push(problem);
  };
  context.on('console', (message) => {
    // A violation of the policy is told as an error, too.
    if (['error', 'warning'].includes(message.type()))
      note(`console ${message.type()}: ${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => note(`uncaught: ${error.error().message}`));
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && !origins.includes(url.origin))
      note(`a request to elsewhere: ${request.url()}`);
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  return { page, context, problems };
}
