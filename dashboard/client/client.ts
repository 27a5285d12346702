import type { AgentChanges } from '../../core/contracts/agents.ts';
import type { FleetHistory, HostHistory } from '../../core/contracts/history.ts';
import { alertingClient } from './alertingClient.ts';
import { addressOf } from './address.ts';
import type { Ask, AskParts, CallOptions } from './ask.ts';
import type { Answer, Query } from './calls.ts';
import { ENDPOINTS, type EndpointName } from './endpoints.ts';
import type { Api, RequestOptions } from './request.ts';

/** The API, a function for each endpoint. Each throws an ApiError where it is refused or cannot be reached. */
export function createClient(api: Pick<Api, 'request'>) {
  const ask: Ask = <Name extends EndpointName, Got = Answer<Name>>(
    name: Name,
    { body, ifVersion, signal, ...parts }: AskParts,
  ) =>
    api.request<Got>(addressOf(name, parts), {
      method: ENDPOINTS[name].method.toUpperCase() as NonNullable<RequestOptions['method']>,
      ...(body === undefined ? {} : { body }),
      ifVersion,
      ...(signal === undefined ? {} : { signal }),
    });

  return {
    agents: (query: Query<'agents'> = {}, options: CallOptions = {}) => ask('agents', { query, ...options }),
    agent: (id: string, options: CallOptions = {}) => ask('agent', { params: { id }, ...options }),
    changeAgent: (id: string, body: AgentChanges, options: CallOptions = {}) =>
      ask('changeAgent', { params: { id }, body, ...options }),
    forgetAgent: (id: string, options: CallOptions = {}) =>
      ask('forgetAgent', { params: { id }, ...options }),

    /** The course of one host. */
    hostHistory: (query: Omit<Query<'history'>, 'label'> & { agent: string }, options: CallOptions = {}) =>
      ask<'history', HostHistory>('history', { query, ...options }),
    /** The course of many hosts together. */
    fleetHistory: (query: Omit<Query<'history'>, 'agent' | 'cores'> = {}, options: CallOptions = {}) =>
      ask<'history', FleetHistory>('history', { query, ...options }),
    /** The snapshot in force at a moment. */
    metricsAt: (query: Query<'metricsAt'>, options: CallOptions = {}) =>
      ask('metricsAt', { query, ...options }),

    topProcesses: (query: Query<'topProcesses'> = {}, options: CallOptions = {}) =>
      ask('topProcesses', { query, ...options }),
    processHistory: (query: Query<'processHistory'>, options: CallOptions = {}) =>
      ask('processHistory', { query, ...options }),
    searchProcesses: (query: Query<'searchProcesses'>, options: CallOptions = {}) =>
      ask('searchProcesses', { query, ...options }),

    recentSnapshots: (query: Query<'recentSnapshots'> = {}, options: CallOptions = {}) =>
      ask('recentSnapshots', { query, ...options }),
    recentAlerts: (query: Query<'recentAlerts'> = {}, options: CallOptions = {}) =>
      ask('recentAlerts', { query, ...options }),
    ...alertingClient(ask),

    health: (options: CallOptions = {}) => ask('health', options),
    operations: (options: CallOptions = {}) => ask('operations', options),
    session: (options: CallOptions = {}) => ask('session', options),
    /** @param token the viewer's or the operator's; the browser keeps a cookie for it that scripts cannot read */
    signIn: (token: string, options: CallOptions = {}) => ask('signIn', { body: { token }, ...options }),
    signOut: (options: CallOptions = {}) => ask('signOut', options),
  };
}

export type Client = ReturnType<typeof createClient>;
