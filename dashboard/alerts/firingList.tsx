import { useServices } from '../services.tsx';
import { Time } from '../shell/time.tsx';
import { percentText } from '../state/number.ts';
import { hostPath } from '../state/routes.ts';
import { durationText } from '../state/time.ts';
import { SILENT_SECONDS, type AlertLists } from './alertItem.ts';
import { momentPath } from './momentPath.ts';

/** What fires now. The region stays, so that what comes into it is read out. */
export function FiringList({ items }: { items: AlertLists['firing'] }) {
  return (
    <section aria-labelledby="firing">
      <h2 id="firing">Firing now</h2>
      <div role="status">
        {items.length === 0 ? (
          <p class="alerts-none">Nothing fires.</p>
        ) : (
          <ul class="alerts-firing">
            {items.map((item) => (
              <FiringItem key={item.id} item={item} />
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}

function FiringItem({ item }: { item: AlertLists['firing'][number] }) {
  const { clock } = useServices();
  const { agent, severity, message, startedAt, firedAt, latest } = item;
  const isSilent = clock.now.value - latest.at > SILENT_SECONDS;
  return (
    <li class={isSilent ? 'firing-item silent' : 'firing-item'} data-severity={severity}>
      <div class="firing-head">
        <a class="firing-host" href={hostPath(agent)}>
          {agent}
        </a>
        <span class="severity">{severity}</span>
        <span class="firing-now live">
          {percentText(latest.percent)}
          <span class="unit"> % {isSilent ? 'last' : 'now'}</span>
        </span>
      </div>
      <p class="firing-message">
        {message}
        {isSilent && (
          <strong class="firing-silent">
            {' '}
            No data since <Time seconds={latest.at} />.
          </strong>
        )}
      </p>
      <p class="firing-foot">
        <span>
          For <span class="live">{durationText(clock.now.value - startedAt)}</span>, since{' '}
          <Time seconds={startedAt} />
        </span>
        <a href={momentPath(agent, firedAt)}>
          What ran when it fired<span class="unseen"> on {agent}</span>
        </a>
      </p>
    </li>
  );
}
