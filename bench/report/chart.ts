import { summarise, type ScenarioResult } from '../results.ts';
import { figure } from './table.ts';

const WIDTH = 760;
const LABEL_WIDTH = 190;
const VALUE_WIDTH = 130;
const BAR_HEIGHT = 18;
const ROW_HEIGHT = 26;
const TITLE_HEIGHT = 44;

/** Colours that keep their contrast on a white and on a black page. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .ours { fill: #2f6feb; }
  .control { fill: #8b949e; }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3; } }`;

/** A bar for each subject's rate; each scenario has a scale of its own. */
export function drawChart(results: readonly ScenarioResult[]): string {
  const parts: string[] = [];
  let y = 8;
  for (const { title, unit, controls, subjects } of results) {
    if (subjects.length === 0) continue;
    const summaries = subjects.map(summarise);
    const most = Math.max(...summaries.map(({ rate }) => rate));
    parts.push(text(0, y + 16, `${title}, ${unit}`, 'title'));
    y += 28;
    for (const { subject, rate } of summaries) {
      const length = most === 0 ? 0 : ((WIDTH - LABEL_WIDTH - VALUE_WIDTH) * rate) / most;
      const isControl = controls.some((control) => subject.startsWith(control));
      parts.push(
        text(0, y + 14, subject),
        `<rect class="${isControl ? 'control' : 'ours'}" x="${LABEL_WIDTH}" y="${y}" width="${length.toFixed(1)}" height="${BAR_HEIGHT}" rx="2"/>`,
        text(LABEL_WIDTH + length + 8, y + 14, figure(rate)),
      );
      y += ROW_HEIGHT;
    }
    y += TITLE_HEIGHT - 28;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img">
<style>${STYLE}
</style>
${parts.join('\n')}
</svg>
`;
}

function text(x: number, y: number, content: string, className?: string): string {
  const attribute = className === undefined ? '' : ` class="${className}"`;
  return `<text${attribute} x="${x.toFixed(1)}" y="${y}">${escapeXml(content)}</text>`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeXml(content: string): string {
  return content.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
