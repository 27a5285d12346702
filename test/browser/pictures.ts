import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import type { Group } from './flow.ts';
import type { Service } from './service.ts';
import { openVisit, PHONE, type VisitOptions } from './visit.ts';

const DIRECTORY = 'test/screenshots';

const LOOKS: Record<string, VisitOptions> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  phone: { ...PHONE, colorScheme: 'light' },
};

/** Takes a picture of every page of a group in every look. @returns the files */
export async function takePictures(
  group: Group,
  { url, urls }: Service,
  browser: Browser,
): Promise<string[]> {
  await mkdir(DIRECTORY, { recursive: true });
  const files: string[] = [];
  for (const [look, options] of Object.entries(LOOKS)) {
    const { page, context } = await openVisit(browser, urls, options);
    for (const { name, path, isThere } of group.places?.() ?? []) {
      await page.goto(url + path);
      await isThere(page);
      await page.waitForLoadState('networkidle');
      const file = join(DIRECTORY, `${name}-${look}.png`);
      await page.screenshot({ path: file, fullPage: look === 'phone' });
      files.push(file);
    }
    await context.close();
  }
  return files;
}
