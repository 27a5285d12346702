import { endpoint } from '../endpoint.ts';
import { credentialsSchema, sessionSchema } from '../session.ts';

/** Signing in and out of a browser: a token for a cookie that scripts cannot read. */
export const sessionEndpoints = {
  whoAmI: endpoint({
    method: 'get',
    path: '/api/session',
    summary: 'Who the caller is',
    tag: 'session',
    answers: { 200: { description: 'The role of the token or cookie sent', schema: sessionSchema } },
  }),
  signIn: endpoint({
    method: 'post',
    path: '/api/session',
    summary: 'Sign in: sets a session cookie',
    tag: 'session',
    body: credentialsSchema,
    answers: {
      200: { description: 'Signed in', schema: sessionSchema },
      401: { description: 'Unknown token' },
      429: { description: 'Too many tries; see Retry-After' },
    },
  }),
  signOut: endpoint({
    method: 'delete',
    path: '/api/session',
    summary: 'Sign out',
    tag: 'session',
    answers: { 200: { description: 'Signed out', schema: sessionSchema } },
  }),
};
