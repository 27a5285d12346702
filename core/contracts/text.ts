import { z } from 'zod';

/**
 * Text that every store can hold. PostgreSQL refuses U+0000 in text and jsonb, and a lone surrogate has no UTF-8
 * form, so both are refused at the edge instead of failing a whole batch later.
 */
export const storableText = z
  .string()
  .refine((text) => !text.includes('\u0000'), 'String must not contain U+0000')
  .refine((text) => text.isWellFormed(), 'String must not contain a lone surrogate');

/** The same on one line, as it can stand in a title, a log or the subject of a mail. */
export const lineText = storableText.refine(
  (text) => !/\p{Cc}/u.test(text),
  'String must not contain control characters',
);

/** `*` stands for any characters, `?` for one; all others for themselves. */
export const globSchema = lineText.min(1).max(256).meta({ id: 'Glob', example: 'web-*' });

/** What is said of a kind that there is not, in a union of kinds; every other fault keeps its own words. */
export function oneOfKinds(kinds: readonly string[]): (issue: { code: string }) => string | undefined {
  return ({ code }) => (code === 'invalid_union' ? `Kind must be one of ${kinds.join(', ')}` : undefined);
}
