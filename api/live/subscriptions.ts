import { MAX_SUBSCRIBED_AGENTS } from '../../core/contracts/live.ts';

/** Most subscriptions that the sockets of a node hold together: some 100 MB, at 430 bytes each. */
const MAX_OF_NODE = 200_000;

/** What is subscribed to, in single agents; all of them at once counts as none. */
export interface Subscribed {
  /** By the socket that asks. */
  own: number;
  /** By all sockets of the node, that one included. */
  all: number;
}

/**
 * Why a socket may not subscribe to so many agents more; undefined where it may. A subscription lives for as long as its
 * socket, and a socket for as long as its client likes.
 */
export function subscriptionRefusal(
  { own, all }: Subscribed,
  more: number,
  { mostOfSocket = MAX_SUBSCRIBED_AGENTS, mostOfNode = MAX_OF_NODE } = {},
): string | undefined {
  if (more === 0) return undefined;
  if (own + more > mostOfSocket)
    return `A socket may subscribe to ${mostOfSocket} agents, and has ${own}: unsubscribe from some, or send {"agents": "*"}`;
  if (all + more > mostOfNode)
    return `The sockets of this server may hold ${mostOfNode} subscriptions, and have ${all}: send {"agents": "*"}`;
  return undefined;
}
