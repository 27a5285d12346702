import { expect, test } from '@jest/globals';
import { channelSchema } from '../../../../core/contracts/alerting/notification.ts';
import { ruleBodySchema } from '../../../../core/contracts/alerting/rule.ts';
import { silenceBodySchema } from '../../../../core/contracts/alerting/silence.ts';

const rule = (changes: object) => ({ name: 'CPU', condition: { kind: 'cpu', at_or_above: 90 }, ...changes });
const silence = (changes: object) => ({ match: {}, ends_at: 1, author: 'eve', ...changes });
const channel = (url: string) => ({ id: 'a', name: 'a', target: { kind: 'alertmanager', url } });

test.each([
  ['a rule’s name', ruleBodySchema, rule({ name: 'a\u0000' })],
  ['a rule’s name on two lines', ruleBodySchema, rule({ name: 'a\nb' })],
  ['a summary', ruleBodySchema, rule({ summary: 'a\ud800' })],
  ['a pattern', ruleBodySchema, rule({ match: { agents: ['a\u0000'] } })],
  ['an author', silenceBodySchema, silence({ author: 'a\u0000' })],
  ['a comment', silenceBodySchema, silence({ comment: 'a\u0000' })],
  ['an address', channelSchema, channel('http://host/\u0000')],
])('what no store can hold, or no title, is refused in %s', (_, schema, value) => {
  expect(schema.safeParse(value).success).toBe(false);
});

test('a summary and a comment may have several lines', () => {
  expect(ruleBodySchema.parse(rule({ summary: 'a\nb' })).summary).toBe('a\nb');
  expect(silenceBodySchema.parse(silence({ comment: 'a\nb' })).comment).toBe('a\nb');
});
