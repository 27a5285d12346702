import { z } from 'zod';

/** A version as `ETag` and `If-Match` write it. */
export const QUOTED_VERSION = /^(?:W\/)?"(\d{1,15})"$/;

export const ifMatchSchema = z.object({
  'if-match': z
    .string()
    .regex(QUOTED_VERSION, 'If-Match must be the ETag of an answer, such as "3"')
    .optional()
    .meta({
      description: 'ETag of the answer the change is made of: refused with 412 where there is a newer one.',
    }),
});
