import type { Services } from '../services.tsx';
import { STEPS } from '../../core/contracts/historyTerms.ts';
import { followAgent, type HostAgent } from './hostAgent.ts';
import { followAlerts, type HostAlerts } from './hostAlerts.ts';
import { openHostContext, type HostContext } from './hostContext.ts';
import { followSeries, type HostSeries } from './hostSeries.ts';
import { followSnapshots, type LiveSnapshots } from './liveSnapshots.ts';
import { followMoment, type MomentSource } from './moment.ts';
import { followProcess, type ProcessDetail } from './processDetail.ts';
import { followRangeTop, type RangeTop } from './rangeTop.ts';
import type { TimeSpan } from './timeSpan.ts';

/** All that the page of one host shows, and follows while it is open. */
export interface HostModel extends HostContext {
  snapshots: LiveSnapshots;
  series: HostSeries;
  /** The same with cores, in coarser steps. */
  cores: HostSeries;
  moment: MomentSource;
  top: RangeTop;
  alerts: HostAlerts;
  process: ProcessDetail;
  host: HostAgent;
  close(): void;
}

/** Most steps of the cores: as many as lanes can show; a hundred cores at each step are a lot to send. */
const CORE_STEPS = 420;

/** How often the usual agent measures, in seconds: what `raw` comes to. */
const USUAL_INTERVAL_SECONDS = 2;

export function openHost(agent: string, services: Services): HostModel {
  const context = openHostContext(agent, services);
  const snapshots = followSnapshots(context, () => {
    series.refresh();
    cores.refresh();
  });
  const { recent } = snapshots;
  const series = followSeries(context, recent, { cores: false, stepFor: () => undefined });
  const cores = followSeries(context, recent, { cores: true, stepFor: coreStep });
  const moment = followMoment(context, recent);
  const top = followRangeTop(context, recent);
  const alerts = followAlerts(context, series, recent);
  const process = followProcess(context, series.step);
  const host = followAgent(context, recent);
  const parts = [snapshots, series, cores, moment, top, alerts, process, host];
  return {
    ...context,
    snapshots,
    series,
    cores,
    moment,
    top,
    alerts,
    process,
    host,
    close() {
      for (const part of parts) part.close();
    },
  };
}

/** The finest step that has no more than some 400 points in a span. */
function coreStep({ from, to }: TimeSpan): string {
  const fits = STEPS.find(
    ({ seconds }) => (to - from) / Math.max(seconds, USUAL_INTERVAL_SECONDS) <= CORE_STEPS,
  );
  return fits?.name ?? '1d';
}
