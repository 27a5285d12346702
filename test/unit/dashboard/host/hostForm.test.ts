import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { agentChangesSchema, agentNameSchema } from '../../../../core/contracts/agents.ts';
import { LABEL_KEY_PATTERN, LABEL_VALUE_PATTERN } from '../../../../core/contracts/labels.ts';
import { hostForm, readHost } from '../../../../dashboard/host/hostForm.ts';

const labels = fc.dictionary(fc.stringMatching(LABEL_KEY_PATTERN), fc.stringMatching(LABEL_VALUE_PATTERN), {
  maxKeys: 8,
  noNullPrototype: true,
});
const name = fc.string({ maxLength: 100 }).filter((text) => agentNameSchema.safeParse(text).success);

test('a host that is opened and saved is changed in nothing but what was typed', () => {
  fc.assert(
    fc.property(name, labels, labels, (typed, before, after) => {
      const host = { id: 'web-01', name: 'web-01', labels: before };
      expect(readHost(hostForm(host), host)).toEqual({ body: { name: null, labels: {} }, errors: {} });
      const { body, errors } = readHost(hostForm({ ...host, name: typed, labels: after }), host);
      expect(errors).toEqual({});
      expect(agentChangesSchema.safeParse(body).error).toBeUndefined();
      expect(body.name).toBe(typed === 'web-01' ? null : typed);
      const changed = Object.entries({ ...before, ...body.labels }).filter(([, value]) => value !== null);
      expect(Object.fromEntries(changed)).toEqual(after);
    }),
  );
});

test('a line that is no label is told at the labels', () => {
  const host = { id: 'web-01', name: 'Checkout', labels: { env: 'prod' } };
  expect(readHost({ name: 'Checkout', labels: 'env=prod\nrack' }, host).errors).toEqual({
    labels: 'Must be key=value, and is not: rack',
  });
});
