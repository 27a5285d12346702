import { useEffect, useMemo } from 'preact/hooks';
import 'uplot/dist/uPlot.min.css';
import { useServices } from '../services.tsx';
import { usePageTitle } from '../shell/pageTitle.ts';
import { AlertList } from './alertList.tsx';
import { CpuFigure } from './cpuFigure.tsx';
import { HostHeader } from './hostHeader.tsx';
import './host.css';
import { openHostCharts } from './hostCharts.ts';
import { openHost, type HostModel } from './hostModel.ts';
import { HostNotice } from './hostNotice.tsx';
import { IoFigure } from './ioFigure.tsx';
import { LanesFigure } from './lanesFigure.tsx';
import { MemoryFigure } from './memoryFigure.tsx';
import { MomentTable } from './momentTable.tsx';
import { ProcessPanel } from './processPanel.tsx';
import { RangeBar } from './rangeBar.tsx';
import { ThreadsFigure } from './threadsFigure.tsx';
import { TopPanel } from './topPanel.tsx';

/** One host: what it did, over any time, and which processes it was. */
export function HostPage({ agent }: { agent: string }) {
  const services = useServices();
  const model = useMemo(() => openHost(agent, services), [agent]);
  const charts = useMemo(() => openHostCharts(model), [model]);
  useEffect(() => () => model.close(), [model]);
  useEscape(model);
  usePageTitle(model.host.agent.value?.name ?? agent);

  const { range } = model.view.value;
  const state = model.host.agent.value?.state ?? 'online';
  return (
    <div class={state === 'online' ? 'host' : 'host silent'}>
      <HostHeader key={agent} model={model} />
      <RangeBar model={model} />
      <HostNotice model={model} />
      <div class="host-grid">
        <div class="host-charts">
          <CpuFigure model={model} charts={charts} />
          {model.view.value.process !== undefined && <ProcessPanel model={model} charts={charts} />}
          <LanesFigure model={model} charts={charts} />
          <MemoryFigure model={model} charts={charts} />
          <IoFigure model={model} charts={charts} />
          {(range === '5m' || range === '1h') && <ThreadsFigure model={model} charts={charts} />}
        </div>
        <div class="host-side">
          <MomentTable model={model} />
          <TopPanel model={model} />
          <AlertList model={model} />
        </div>
      </div>
    </div>
  );
}

/** Escape lets go of the pinned moment, and then of the process. */
function useEscape(model: HostModel): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : null;
      if (event.key !== 'Escape' || event.defaultPrevented || target?.closest('input, form, [popover]'))
        return;
      const { at, process } = model.view.peek();
      if (at !== undefined) model.change({ at: undefined });
      else if (process !== undefined) model.change({ process: undefined });
      model.cursor.value = undefined;
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [model]);
}
