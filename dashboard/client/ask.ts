import type { AddressParts } from './address.ts';
import type { Answer } from './calls.ts';
import type { EndpointName } from './endpoints.ts';
import type { RequestOptions } from './request.ts';

export interface CallOptions {
  /** Ends the call; it then fails as an aborted `fetch` does. */
  signal?: AbortSignal;
}

/** What a request is made of, beside which endpoint it is for. */
export type AskParts = AddressParts & CallOptions & Pick<RequestOptions, 'body' | 'ifVersion'>;

/** Asks one endpoint. */
export type Ask = <Name extends EndpointName, Got = Answer<Name>>(
  name: Name,
  parts: AskParts,
) => Promise<Got>;
