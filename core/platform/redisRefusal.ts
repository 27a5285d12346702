import { messageOf } from '../errors.ts';

/** How Redis says that its user may not, outside of scripts, quoted by one, and in the words of scripts before Redis 7.2. */
const REFUSED =
  /(?:^|: -)(?:NOPERM|NOAUTH|WRONGPASS)\b|^ERR invalid password|The user executing the script can't /;

const NOT_AUTHENTICATED = /^(?:NOAUTH|WRONGPASS|ERR invalid password)/;

/** A refusal, in words. */
export interface Refusal {
  /** What is wrong, with the fix; no secret. */
  text: string;
  /** What `ACL SETUSER` must be told, e.g. `+info`; undefined where it is the password. */
  rule: string | undefined;
}

/** Whether Redis does not let its user do it: the same command will succeed once somebody has changed the settings. */
export function isRefused(error: unknown): boolean {
  return REFUSED.test(messageOf(error));
}

/** Whether Redis lets nobody in with what it was told: such a connection is never ready. */
export function isNotAuthenticated(error: unknown): boolean {
  return NOT_AUTHENTICATED.test(messageOf(error));
}

/**
 * Says what Redis refused, and how to allow it.
 *
 * @param command what was sent: one that is within a script is named by Redis alone
 * @param user by whom; Redis names it from 7.0 on
 */
export function explainRefusal(error: unknown, command: string, user: string): Refusal {
  const message = messageOf(error);
  if (isNotAuthenticated(error))
    return {
      text: `Redis refuses user and password: put them right in REDIS_URL (the user is ${user})`,
      rule: undefined,
    };
  const rule = ruleOf(message, command);
  const what = message.includes('channel')
    ? 'use the channels of the service'
    : /\bkeys?\b/.test(message)
      ? `use the keys of the service (${command.toUpperCase()})`
      : `run ${rule.slice(1).toUpperCase()}`;
  return {
    text: `Redis does not let the user ${user} ${what}: allow it with ACL SETUSER ${user} ${rule}`,
    rule,
  };
}

function ruleOf(message: string, command: string): string {
  if (message.includes('channel')) return '&*';
  const named = /run the '([^']+)' command/.exec(message)?.[1];
  if (named !== undefined) return `+${named}`;
  if (/\bkeys?\b/.test(message)) return '~*';
  // Which command of the script it was is not said.
  return message.includes("The user executing the script can't") ? '+@all' : `+${command}`;
}
