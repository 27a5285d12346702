/** Whether a text fits a pattern: `*` stands for any characters, `?` for one, all others for themselves. */
export type GlobMatch = (text: string) => boolean;

/**
 * Matching looks for what stands between the `*` one after the other, each at its first place behind the one before: a
 * regular expression could take far longer, and a text that is too short for all of them is not looked at.
 */
export function compileGlob(pattern: string): GlobMatch {
  if (pattern === '*') return () => true;
  if (!hasWildcard(pattern)) return (text) => text === pattern;
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (text) => text.length === first.length && standsAt(text, first, 0);
  const between = rest.filter((part) => part !== '').map(finderOf);
  const shortest = pattern.replaceAll('*', '').length;
  return (text) => {
    const end = text.length - last.length;
    if (text.length < shortest || !standsAt(text, first, 0) || !standsAt(text, last, end)) return false;
    let from = first.length;
    for (const { find, length } of between) {
      const at = find(text, from);
      if (at < 0) return false;
      from = at + length;
    }
    return from <= end;
  };
}

/** Names a pattern was matched with are remembered: the same dozen comes in every snapshot. */
const MAX_REMEMBERED = 2_000;

/** The same for a pattern that meets the same few texts again and again. */
export function compileNames(pattern: string): GlobMatch {
  const matches = compileGlob(pattern);
  if (!hasWildcard(pattern)) return matches;
  const known = new Map<string, boolean>();
  return (name) => {
    let answer = known.get(name);
    if (answer === undefined) {
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(name, (answer = matches(name)));
    }
    return answer;
  };
}

/** Whether it names more than one text. */
export function hasWildcard(pattern: string): boolean {
  return /[*?]/.test(pattern);
}

/** How the first place of a part is found, from one on; -1 where there is none. */
function finderOf(part: string): { length: number; find: (text: string, from: number) => number } {
  const { length } = part;
  if (!part.includes('?')) return { length, find: (text, from) => text.indexOf(part, from) };
  return {
    length,
    find(text, from) {
      for (let at = from; at + length <= text.length; at += 1) if (standsAt(text, part, at)) return at;
      return -1;
    },
  };
}

function standsAt(text: string, part: string, at: number): boolean {
  if (!part.includes('?')) return text.startsWith(part, at);
  for (let i = 0; i < part.length; i += 1) if (part[i] !== '?' && part[i] !== text[at + i]) return false;
  return true;
}
