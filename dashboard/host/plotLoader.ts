import type uPlot from 'uplot';

let loading: Promise<typeof uPlot> | undefined;

/** The chart library, fetched when the first chart is shown: the page can be read before. A failure can be tried again. */
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
