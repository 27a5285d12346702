import type { Finding } from './findings.ts';

const WORDS: Record<Finding['level'], string> = { bad: 'Wrong', warn: 'Late', note: 'Note' };

/** What is wrong and what to do; one line where all is well. Read out when it changes. */
export function FindingList({ findings }: { findings: Finding[] }) {
  const isWell = findings.every(({ level }) => level === 'note');
  return (
    <section class="findings" aria-label="What needs a look" role="status">
      {isWell && <p class="all-well">Everything works, and nothing is late.</p>}
      {findings.map(({ level, title, text, command }) => (
        <div key={title} class="finding" data-level={level}>
          <h2>
            <span class="unseen">{WORDS[level]}: </span>
            {title}
          </h2>
          <p>{text}</p>
          {command !== undefined && <code class="finding-command">{command}</code>}
        </div>
      ))}
    </section>
  );
}
