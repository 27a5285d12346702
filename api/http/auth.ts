import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Config } from '../../core/config.ts';
import {
  isAgentToken,
  type AgentTokenCache,
  type AgentTokenTable,
} from '../../core/stores/redis/agentTokens.ts';
import { clientAddress, isLoopback } from './clientAddress.ts';
import { hasProxySign } from './forwarded.ts';
import { hostnameOf, isNamedOrigin, isOwnOrigin } from './origin.ts';

/**
 * What a caller may do: an operator everything, a viewer read, an anonymous caller what is open. A `local` one, on this
 * machine while no operator token is set, may change things, and read where no viewer token is asked for.
 */
export type Role = 'operator' | 'viewer' | 'local' | 'anonymous';

/** The parts of a request, HTTP or upgrade, that say who is calling. */
export interface RequestIdentity {
  headers: IncomingHttpHeaders;
  remoteAddress: string | undefined;
}

/** Who hands in a snapshot, as far as the token tells. */
export interface AgentCaller {
  /** The agent whose own token was sent: it is that one and no other. */
  ownId: string | undefined;
  /** Whether it may report as this agent. */
  mayReportAs(agentId: string): boolean;
}

/** How long a signed-in browser stays signed in. */
export const SESSION_SECONDS = 12 * 60 * 60;

export const SESSION_COOKIE = 'topline_session';

export interface Access {
  /** Who calls: by bearer token, by session cookie, or, while no operator token is set, from this machine. */
  roleOf(request: RequestIdentity): Role;
  /** Who a token belongs to; undefined for an unknown one. */
  roleOfToken(token: string): 'operator' | 'viewer' | undefined;
  /** Whether reading is open to this role. */
  mayRead(role: Role): boolean;
  /** Whether this role may change something. */
  mayChange(role: Role): boolean;
  /**
   * What an agent may do with this token, or without one; undefined where it may not hand in anything.
   *
   * - The shared token (`AGENT_API_TOKEN`) is good for every agent. Where it is set, every agent needs it or its own.
   * - An agent's own token is good for that agent only.
   * - Where no shared token is set none is asked for, except of agents that have one of their own, or had one that was
   *   revoked: nobody else can report as them. So neither adding a token nor revoking one opens or closes anything for
   *   another agent.
   *
   * A promise only where the agents' own tokens matter and are not at hand; it rejects where they cannot be looked up.
   */
  agentOf(token: string | undefined): AgentCaller | undefined | Promise<AgentCaller | undefined>;
  /** Whether a page of this origin may open a socket or change something; a caller without an origin is no page. */
  originAllowed(headers: IncomingHttpHeaders): boolean;
  /** The value of a session cookie for a role whose token was given. */
  issueSession(role: 'operator' | 'viewer', nowSeconds: number): string;
}

const ANY_AGENT: AgentCaller = { ownId: undefined, mayReportAs: () => true };

export function createAccess(
  { access, agents, http }: Pick<Config, 'access' | 'agents' | 'http'>,
  agentTokens: AgentTokenCache,
): Access {
  const tokens = { operator: access.operatorToken, viewer: access.viewerToken };
  const isOperatorToken = matcherOf(tokens.operator);
  const isViewerToken = matcherOf(tokens.viewer);
  const isSharedToken = matcherOf(agents.token);

  function roleOfToken(token: string): 'operator' | 'viewer' | undefined {
    if (isOperatorToken(token)) return 'operator';
    if (isViewerToken(token)) return 'viewer';
    return undefined;
  }

  /** Signed with the role's own token: changing that token ends its sessions, and no further secret is needed. */
  function sign(role: 'operator' | 'viewer', expiresAt: string): string {
    return createHmac('sha256', `topline session ${tokens[role]}`)
      .update(`${role}.${expiresAt}`)
      .digest('base64url');
  }

  function roleOfSession(cookie: string | undefined): 'operator' | 'viewer' | undefined {
    const value = new RegExp(`(?:^|;\\s*)${SESSION_COOKIE}=([^;]+)`).exec(cookie ?? '')?.[1];
    const [role, expiresAt = '', signature = ''] = (value ?? '').split('.');
    if (role !== 'operator' && role !== 'viewer') return undefined;
    if (tokens[role] === '' || !(Number(expiresAt) > Date.now() / 1000)) return undefined;
    return matcherOf(sign(role, expiresAt))(signature) ? role : undefined;
  }

  /**
   * A client on this machine is the operator while no operator token is set. Not so what came through a proxy, trusted
   * or not and whatever it tells of its client, nor a page that got here by a name of its own (DNS rebinding).
   */
  function isLocalOperator({ headers, remoteAddress }: RequestIdentity): boolean {
    if (tokens.operator !== '' || !isLoopback(clientAddress(remoteAddress, headers, 0))) return false;
    return isLocalHost(headers.host) && !hasProxySign(headers);
  }

  return {
    roleOfToken,
    roleOf(request) {
      const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
      const known = (bearer && roleOfToken(bearer)) || roleOfSession(request.headers.cookie);
      if (known === 'operator' || !isLocalOperator(request)) return known ?? 'anonymous';
      return known === 'viewer' || tokens.viewer === '' ? 'operator' : 'local';
    },
    mayRead: (role) => tokens.viewer === '' || role === 'viewer' || role === 'operator',
    mayChange: (role) => role === 'operator' || role === 'local',
    agentOf(token = '') {
      if (isSharedToken(token)) return ANY_AGENT;
      if (agents.token !== '' && !isAgentToken(token)) return undefined;
      const table = agentTokens.current();
      return table instanceof Promise
        ? table.then((known) => callerOf(token, known))
        : callerOf(token, table);
    },
    originAllowed({ origin, host }) {
      if (origin === undefined) return true;
      return isOwnOrigin(origin, host) || isNamedOrigin(origin, http.allowedOrigins);
    },
    issueSession(role, nowSeconds) {
      const expiresAt = String(nowSeconds + SESSION_SECONDS);
      return `${role}.${expiresAt}.${sign(role, expiresAt)}`;
    },
  };
}

/** Whoever sends no shared token, as the agents' own tokens have it. */
function callerOf(token: string, table: AgentTokenTable): AgentCaller | undefined {
  if (!isAgentToken(token)) return { ownId: undefined, mayReportAs: (agentId) => !table.has(agentId) };
  const ownId = table.ownerOf(token);
  return ownId === undefined ? undefined : { ownId, mayReportAs: (agentId) => agentId === ownId };
}

function isLocalHost(host: string | undefined): boolean {
  const name = hostnameOf(host);
  return name !== undefined && (name === 'localhost' || isLoopback(name));
}

/** Compares without telling by its duration how much was right, nor how long the secret is. An unset one matches nothing. */
function matcherOf(secret: string): (given: string) => boolean {
  if (secret === '') return () => false;
  const digestOf = (text: string) => createHash('sha256').update(text).digest();
  const expected = digestOf(secret);
  return (given) => timingSafeEqual(digestOf(given), expected);
}
