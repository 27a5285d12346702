import { z } from 'zod';
import { channelTargetSchema, type ChannelTarget } from '../../core/contracts/alerting/notification.ts';
import { InvalidRequestError, type FieldFault } from '../../core/errors.ts';
import { refusalOfHost, type AllowedHosts } from '../../core/platform/allowedHosts.ts';
import { validate } from '../http/validation.ts';
import { hasUser, isSecret, type AnyTarget } from './channelView.ts';

/**
 * What a target comes to that is changed.
 *
 * @throws {InvalidRequestError} where that is none, or where a secret would go to a host it was not given for
 */
export function changedTarget(current: ChannelTarget, sent: AnyTarget): ChannelTarget {
  const keeps = (field: string) => isSecret(sent.kind, field) && !(field in sent);
  const kept = current.kind === sent.kind ? Object.entries(current).filter(([field]) => keeps(field)) : [];
  const given = Object.entries(sent).filter(
    ([field, value]) => !(value === null && isSecret(sent.kind, field)),
  );
  const { target } = validate(
    z.object({ target: channelTargetSchema }),
    { target: Object.fromEntries([...given, ...kept]) },
    'body',
  );
  // Or whoever changes the address would be told by the next message what nobody is told again. The secret of a webhook
  // only signs.
  if (target.kind !== 'webhook' && destinationOf(target).place !== destinationOf(current).place)
    refuse(kept.map(([field]) => faultOf(field, 'Messages go to another host now: give this secret again')));
  return target;
}

/**
 * @throws {InvalidRequestError} where messages may not go there, as far as that can be said without looking up a name; or
 *   where an address that is shown has a password in it
 */
export function refuseTarget(target: ChannelTarget, allowed: AllowedHosts): void {
  const { field, host } = destinationOf(target);
  const refusal = refusalOfHost(host, allowed);
  if (refusal !== undefined) refuse([faultOf(field, refusal)]);
  const withUser = Object.entries(target).filter(
    ([name, value]) => !isSecret(target.kind, name) && hasUser(value),
  );
  refuse(
    withUser.map(([name]) =>
      faultOf(name, 'Must not have a user name or a password in it: it is shown to operators'),
    ),
  );
}

/** Which field says where messages go, and to whom that is. */
function destinationOf(target: ChannelTarget): { field: string; host: string; place: string } {
  if (target.kind === 'email') {
    const { host, port } = target;
    return { field: 'host', host, place: `${host.toLowerCase()}:${port}` };
  }
  const isTelegram = target.kind === 'telegram';
  const { hostname, origin } = new URL(isTelegram ? target.api_url : target.url);
  return { field: isTelegram ? 'api_url' : 'url', host: hostname, place: origin };
}

function faultOf(field: string, msg: string): FieldFault {
  return { loc: ['body', 'target', field], msg, type: 'invalid' };
}

function refuse(faults: FieldFault[]): void {
  if (faults.length > 0) throw new InvalidRequestError(faults);
}
