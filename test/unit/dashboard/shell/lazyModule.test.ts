import { effect } from '@preact/signals';
import { expect, test } from '@jest/globals';
import { lazyModule } from '../../../../dashboard/shell/lazyModule.ts';

/** A fetch whose end the test decides. */
function pending() {
  let resolve: (value: string) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<string>((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
}

/** What somebody sees who looks at it. */
function watch({ loaded, failed }: ReturnType<typeof lazyModule<string>>) {
  const seen: (string | undefined)[] = [];
  effect(() => void seen.push(failed.value ? 'failed' : loaded.value));
  return seen;
}

test('what is fetched ahead is seen by whoever looked before it came, and is not fetched again', async () => {
  const fetched = pending();
  let times = 0;
  const module = lazyModule(() => ((times += 1), fetched.promise));
  module.preload();
  const seen = watch(module);
  fetched.resolve('page');
  await fetched.promise;
  module.need();
  expect(seen).toEqual([undefined, 'page']);
  expect(times).toBe(1);
});

test('a failure ahead is not told; that of what is needed is, and it is tried again when it is needed again', async () => {
  const fetches = [pending(), pending(), pending()];
  let times = 0;
  const module = lazyModule(async () => fetches[times++]?.promise ?? '');
  const seen = watch(module);
  module.preload();
  fetches[0]?.reject(new Error('away'));
  await fetches[0]?.promise.catch(() => undefined);
  module.need();
  fetches[1]?.reject(new Error('away'));
  await new Promise(setImmediate);
  expect(seen).toEqual([undefined, 'failed']);
  module.need();
  fetches[2]?.resolve('page');
  await new Promise(setImmediate);
  expect(seen).toEqual([undefined, 'failed', undefined, 'page']);
});
