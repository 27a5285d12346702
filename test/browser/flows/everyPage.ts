import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import { findingsOfAxe, withAxe } from '../accessibility.ts';
import type { Flow, Scene } from '../flow.ts';
import type { Place } from '../pages.ts';
import { PHONE } from '../visit.ts';

/** What all pages of a service promise, whatever they show. */
export function everyPageFlows(placesOf: () => Place[], expectedErrors?: RegExp): Flow[] {
  const visitWith = ({ visit }: Scene, options: Parameters<Scene['visit']>[0] = {}) =>
    visit({ ...options, ...(expectedErrors === undefined ? {} : { expectedErrors }) });

  async function eachPlace(
    scene: Scene,
    page: Page,
    look: (place: Place) => Promise<string[]>,
  ): Promise<void> {
    const problems: string[] = [];
    for (const place of placesOf()) {
      await page.goto(scene.service.url + place.path);
      await place.isThere(page);
      problems.push(...(await look(place)).map((problem) => `${place.name}: ${problem}`));
    }
    assert.deepEqual(problems, []);
  }

  return [
    ...(['light', 'dark'] as const).map((colorScheme) => ({
      name: `no page has anything that keeps somebody from using it, ${colorScheme}`,
      async run(scene: Scene) {
        const { page, context } = await visitWith(scene, { colorScheme });
        await withAxe(context);
        await eachPlace(scene, page, async ({ name }) => {
          const { grave, lesser } = await findingsOfAxe(page);
          for (const text of lesser) scene.note(`${name}: ${text}`);
          return grave;
        });
      },
    })),
    {
      name: 'no page has to be moved sideways on a phone of 360 px',
      async run(scene) {
        const { page } = await visitWith(scene, PHONE);
        await eachPlace(scene, page, async () => {
          const { scrolled, shown } = await page.evaluate(() => ({
            scrolled: document.documentElement.scrollWidth,
            shown: document.documentElement.clientWidth,
          }));
          return scrolled > shown ? [`it is ${scrolled} px wide, and ${shown} are shown`] : [];
        });
      },
    },
  ];
}
