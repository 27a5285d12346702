import { z } from 'zod';

/** What a browser signs in with: the viewer's or the operator's token. */
export const credentialsSchema = z.object({ token: z.string().min(1).max(1024) }).meta({ id: 'Credentials' });

export const sessionSchema = z
  .object({ role: z.enum(['operator', 'viewer', 'anonymous']) })
  .meta({ id: 'Session' });

export type Credentials = z.output<typeof credentialsSchema>;
export type Session = z.output<typeof sessionSchema>;
