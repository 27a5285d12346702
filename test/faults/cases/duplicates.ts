import { onStand, type FaultCase } from '../case.ts';

export const duplicates: FaultCase = {
  row: '11',
  name: 'every snapshot sent two to five times: at once, and when its jobs are long gone',
  run: (context) =>
    onStand(context, {}, async (stand, { problems }) => {
      const load = stand.startLoad({ copies: [2, 5], perSecond: 60 });
      await load.untilAcknowledged(context.quick ? 400 : 2_000, 120_000);
      const others = Object.keys(load.tally.answers).filter((status) => status !== '200');
      if (others.length > 0) problems.push(`a repeat was answered with ${others.join(', ')}`);
      return { noRework: true };
    }),
};
