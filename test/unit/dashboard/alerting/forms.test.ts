import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { channelSchema, routeSchema } from '../../../../core/contracts/alerting/notification.ts';
import { ruleBodySchema } from '../../../../core/contracts/alerting/rule.ts';
import { maintenanceBodySchema } from '../../../../core/contracts/alerting/silence.ts';
import { channelForm, readChannel } from '../../../../dashboard/alerting/channels/channelForm.ts';
import { readRoute, routeForm } from '../../../../dashboard/alerting/channels/routeForm.ts';
import { readRule, ruleForm } from '../../../../dashboard/alerting/rules/ruleForm.ts';
import { maintenanceForm, readMaintenance } from '../../../../dashboard/alerting/silences/maintenanceForm.ts';
import { anyChannel, anyMaintenance, anyRoute, anyRule } from './bodies.ts';

/** What is in the form of something that was not touched is what there was. */
const UNTOUCHED = { errors: {} };

test('a rule that is opened and saved is the same rule', () => {
  fc.assert(
    fc.property(anyRule, (body) => {
      expect(readRule(ruleForm({ ...body, id: 'a' }))).toEqual({ ...UNTOUCHED, body });
    }),
  );
});

test('a maintenance window that is opened and saved is the same', () => {
  fc.assert(
    fc.property(anyMaintenance, (body) => {
      expect(readMaintenance(maintenanceForm(body))).toEqual({ ...UNTOUCHED, body });
    }),
  );
});

test('a route that is opened and saved is the same route', () => {
  fc.assert(
    fc.property(anyRoute, (body) => {
      expect(readRoute(routeForm({ ...body, id: 'a' }))).toEqual({ ...UNTOUCHED, body });
    }),
  );
});

test('a channel that is opened and saved is the same channel', () => {
  fc.assert(
    fc.property(anyChannel, (body) => {
      expect(readChannel(channelForm({ ...body, id: 'a' }))).toEqual({ ...UNTOUCHED, body });
    }),
  );
});

test('what these tests make up is what the contract takes', () => {
  const id = 'a';
  for (const body of fc.sample(anyRule, 50)) expect(ruleBodySchema.parse(body)).toEqual(body);
  for (const body of fc.sample(anyMaintenance, 50)) expect(maintenanceBodySchema.parse(body)).toEqual(body);
  for (const body of fc.sample(anyRoute, 50))
    expect(routeSchema.parse({ id, ...body })).toEqual({ id, ...body });
  for (const body of fc.sample(anyChannel, 50))
    expect(channelSchema.parse({ id, ...body })).toEqual({ id, ...body });
});
