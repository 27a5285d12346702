import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { AlertRuleBody } from '../../../core/contracts/alerting/rule.ts';
import type { DryRun } from '../../../core/contracts/alerting/views.ts';
import type { Client } from '../../client/client.ts';
import { hostHistory } from '../../client/hostHistory.ts';
import { stepSeconds } from '../../host/sourceText.ts';
import { useServices } from '../../services.tsx';
import type { Read } from '../../form/fieldReader.ts';
import { ChoiceField, SuggestField } from '../../form/fields.tsx';
import { usePolledList } from '../../form/usePolledList.ts';
import type { Saving } from '../../form/useSave.ts';
import './dryRun.css';
import { DryRunChart, type Drawn } from './dryRunChart.tsx';
import { specOf } from './conditions/index.ts';
import { windowsOf } from './dryRunFigure.ts';
import { DryRunWindows } from './dryRunWindows.tsx';

const RANGES = [
  ['3600', 'The last hour'],
  ['86400', 'The last 24 hours'],
  ['604800', 'The last 7 days'],
] as const;

type RangeSeconds = (typeof RANGES)[number][0];

/** Most hosts that are suggested; any other can be typed. */
const MOST_HOSTS = 500;

interface Tried {
  agent: string;
  run: DryRun;
  drawn: Drawn;
}

interface DryRunPanelProps {
  /** The rule as it is typed now. */
  read(): Read<AlertRuleBody>;
  /** Of the form: what is wrong with the rule is told at its fields. */
  saving: Saving;
}

/** When the rule would have fired on what was measured. Nothing is changed by it. */
export function DryRunPanel({ read, saving }: DryRunPanelProps) {
  const { client, clock } = useServices();
  const ask = useCallback(
    (signal: AbortSignal) => client.get('/api/agents', { query: { limit: MOST_HOSTS }, signal }),
    [client],
  );
  const hosts = usePolledList(ask).value?.agents.map(({ id }) => id) ?? [];
  const [typed, setTyped] = useState<string>();
  const [range, setRange] = useState<RangeSeconds>('86400');
  const [tried, setTried] = useState<Tried>();
  const outcome = useRef<HTMLDivElement>(null);
  // It may lie below what is on the screen.
  useEffect(() => outcome.current?.scrollIntoView({ block: 'nearest' }), [tried]);
  const agent = typed ?? hosts[0] ?? '';

  const attempt = () => {
    const { body, errors } = read();
    const to = clock.now.peek();
    void saving.save(
      errors,
      async () => setTried(await tryRule(client, body, { agent, from: to - Number(range), to })),
      ['rule'],
    );
  };
  return (
    <section class="dry-run" aria-labelledby="dry-run">
      <h2 id="dry-run">Try it on what was measured</h2>
      <form
        class="dry-run-ask"
        noValidate
        aria-label="Dry run"
        onSubmit={(event) => {
          event.preventDefault();
          attempt();
        }}
      >
        <SuggestField
          label="Host"
          suggestions={hosts}
          value={agent}
          onValue={setTyped}
          error={saving.errors['agent']}
        />
        <ChoiceField<RangeSeconds>
          label="Range"
          choices={RANGES}
          value={range}
          onValue={(seconds) => setRange(seconds)}
          error={saving.errors['from']}
        />
        <button class="button" disabled={saving.busy}>
          {saving.busy ? 'Trying…' : 'Try'}
        </button>
      </form>
      {tried !== undefined && (
        <div ref={outcome} class="dry-run-outcome">
          <h3>
            {tried.drawn.figure.title} of {tried.agent}, {tried.drawn.figure.unit}
          </h3>
          <DryRunChart
            drawn={tried.drawn}
            label={`${tried.drawn.figure.title} of ${tried.agent}, with the time shaded in which the rule would have been on: the list below has it`}
          />
          <DryRunWindows run={tried.run} agent={tried.agent} />
        </div>
      )}
    </section>
  );
}

/** Asks for the verdict, and for the course it is drawn on. */
async function tryRule(
  client: Client,
  rule: AlertRuleBody,
  { agent, from, to }: { agent: string; from: number; to: number },
): Promise<Tried> {
  const [run, course] = await Promise.all([
    client.post('/api/alert-rules/test', { body: { rule, agent, from, to } }),
    hostHistory(client, { agent, from, to }),
  ]);
  const figure = specOf(rule.condition.kind).figure(rule.condition);
  return {
    agent,
    run,
    drawn: {
      figure,
      points: course.points,
      stepSeconds: stepSeconds(course.step),
      span: { from, to },
      windows: windowsOf(run, agent, figure.threshold),
    },
  };
}
