import { TOP_BY } from '../../core/contracts/historyTerms.ts';
import type { HostModel } from './hostModel.ts';

const TEXT = { cpu: 'CPU', memory: 'Memory', io: 'I/O' } as const;

/** What processes are put in order by. */
export function OrderSwitch({ model }: { model: HostModel }) {
  const { by } = model.view.value;
  return (
    <span class="segments small" role="group" aria-label="Processes by">
      {TOP_BY.map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={by === name}
          onClick={() => model.change({ by: name })}
        >
          {TEXT[name]}
        </button>
      ))}
    </span>
  );
}
