import type uPlot from 'uplot';

let loading: Promise<typeof uPlot> | undefined;

/** The chart library, a file by itself: the page can be read before it is here. A failure can be tried again. */
export function loadPlot(): Promise<typeof uPlot> {
  loading ??= import('uplot').then(
    (module) => module.default,
    (error: unknown) => {
      loading = undefined;
      throw error;
    },
  );
  return loading;
}
