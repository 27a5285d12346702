import type { ComponentChildren } from 'preact';
import type { AlertView } from '../../../core/contracts/alerting/views.ts';
import { useServices } from '../../services.tsx';
import { Time } from '../../shell/time.tsx';
import { countText } from '../../state/number.ts';
import { spanText } from '../../state/time.ts';
import { amountText } from '../alertTexts.ts';

/** What an alert was decided by. */
export function Evidence({ alert }: { alert: AlertView }) {
  const { clock } = useServices();
  const { unit, value, threshold, peak, average, samples, gaps, started_at, fired_at, resolved_at } = alert;
  const goesOn = resolved_at === null;
  const labels = Object.entries(alert.labels);
  return (
    <section class="panel" aria-labelledby="evidence">
      <h2 id="evidence">Evidence</h2>
      <dl class="evidence">
        {unit !== 'none' && (
          <>
            <Fact name="When it fired">{amountText(value, unit)}</Fact>
            <Fact name="Threshold">{amountText(threshold, unit)}</Fact>
            <Fact name="Peak">{amountText(peak, unit)}</Fact>
            <Fact name="Average">{amountText(average, unit)}</Fact>
          </>
        )}
        <Fact name="Lasted">
          <span class={goesOn ? 'live' : undefined}>
            {spanText((goesOn ? clock.now.value : resolved_at) - started_at)}
          </span>
          {goesOn && ' so far'}
        </Fact>
        <Fact name="Snapshots judged">{countText(samples)}</Fact>
        <Fact name="Gaps">{countText(gaps)}</Fact>
        <Fact name="Rule" wide>
          {alert.rule_name}{' '}
          <span class="faint">
            ({alert.rule_id}, version {alert.rule_version})
          </span>
        </Fact>
        <Fact name="Began">
          <Time seconds={started_at} />
        </Fact>
        <Fact name="Fired">{fired_at === null ? 'not yet' : <Time seconds={fired_at} />}</Fact>
        <Fact name="Over">{goesOn ? 'not yet' : <Time seconds={resolved_at} />}</Fact>
        <Fact name="Last snapshot">
          <Time seconds={alert.last_sample_at} />
        </Fact>
        {labels.length > 0 && (
          <Fact name="Labels" wide>
            {labels.map((label) => label.join('=')).join(', ')}
          </Fact>
        )}
      </dl>
    </section>
  );
}

interface FactProps {
  name: string;
  /** For what is longer than a figure. */
  wide?: boolean;
  children: ComponentChildren;
}

function Fact({ name, wide = false, children }: FactProps) {
  return (
    <div class={wide ? 'wide' : undefined}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
