/** Whether a text fits a pattern: `*` stands for any characters, `?` for one, all others for themselves. */
export type GlobMatch = (text: string) => boolean;

/** Matching takes at most the lengths of both multiplied, whatever the pattern: a regular expression could take far longer. */
export function compileGlob(pattern: string): GlobMatch {
  if (pattern === '*') return () => true;
  if (!hasWildcard(pattern)) return (text) => text === pattern;
  return (text) => fits(pattern, text);
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

/** Goes back to the last `*` where the rest does not fit, and lets it stand for one character more. */
function fits(pattern: string, text: string): boolean {
  let [at, place] = [0, 0];
  let star = -1;
  let resumeAt = 0;
  while (at < text.length) {
    if (pattern[place] === '*') {
      star = place;
      place += 1;
      resumeAt = at;
    } else if (place < pattern.length && (pattern[place] === '?' || pattern[place] === text[at])) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      place = star + 1;
      resumeAt += 1;
      at = resumeAt;
    } else return false;
  }
  while (pattern[place] === '*') place += 1;
  return place === pattern.length;
}
