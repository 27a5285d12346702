// Refusals that many endpoints have in common, as OpenAPI describes them.

export const OPERATOR_ONLY = { 403: { description: 'Only the operator may' } };

export const STORE_AWAY = { 503: { description: 'A store is out of reach' } };

export const NEEDS_POSTGRES = { 503: { description: 'POSTGRES_DSN is not set, or a store is out of reach' } };

export const NEEDS_HISTORY = {
  503: {
    description:
      'PostgreSQL is out of reach or too slow (see Retry-After); or no history is kept: POSTGRES_DSN is not set',
  },
};
