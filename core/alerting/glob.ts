/** Whether a text fits a pattern: `*` stands for any characters, `?` for one, all others for themselves. */
export type GlobMatch = (text: string) => boolean;

/** Matching takes at most the lengths of both multiplied, whatever the pattern: a regular expression could take far longer. */
export function compileGlob(pattern: string): GlobMatch {
  if (pattern === '*') return () => true;
  if (!hasWildcard(pattern)) return (text) => text === pattern;
  return (text) => fits(pattern, text);
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
