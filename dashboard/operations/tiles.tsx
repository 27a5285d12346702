import type { Operations } from '../../core/contracts/operations.ts';

interface TileProps {
  name: string;
  value: string;
  unit?: string | undefined;
  note?: string;
  state?: 'good' | 'bad' | 'off';
}

/** One figure, with its name over it and what it means below. */
export function Tile({ name, value, unit, note, state }: TileProps) {
  return (
    <li class="tile" data-state={state}>
      <span class="tile-name">{name}</span>
      <span class="tile-value live">
        {state !== undefined && <span class="tile-lamp" aria-hidden="true" />}
        {value}
        {unit !== undefined && <span class="tile-unit"> {unit}</span>}
      </span>
      {note !== undefined && <span class="tile-note">{note}</span>}
    </li>
  );
}

const WORDS = {
  connected: ['Connected', 'good'],
  disconnected: ['Not reached', 'bad'],
  disabled: ['Not in use', 'off'],
} as const;

const NOTES: Record<string, string> = {
  Redis: 'Queues, the last minutes, what is live',
  PostgreSQL: 'The history of every host',
};

export function StoreTile({ name, state }: { name: string; state: Operations['health']['postgres'] }) {
  const [word, mark] = WORDS[state];
  return <Tile name={name} value={word} state={mark} note={NOTES[name] ?? ''} />;
}
