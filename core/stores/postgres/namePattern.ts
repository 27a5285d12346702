/**
 * A regular expression of PostgreSQL that finds a text in any case, composed or not. Its own folding (ILIKE) knows no more
 * than ASCII where the database's locale is C, and never that `ü` can be two characters.
 */
export function anyCasePattern(text: string): string {
  const forms = ['NFC', 'NFD'].map((form) => Array.from(text.normalize(form), anyCase).join(''));
  return [...new Set(forms)].join('|');
}

function anyCase(character: string): string {
  const cases = [character, character.toLowerCase(), character.toUpperCase()];
  // What has another length in another case (`ß`, `SS`) stands for itself.
  const single = new Set(cases.filter((one) => Array.from(one).length === 1));
  if (single.size > 1) return `[${[...single].join('')}]`;
  return /[\p{L}\p{N}]/u.test(character) ? character : `\\${character}`;
}
