import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createAccess,
  SESSION_COOKIE,
  SESSION_SECONDS,
  type RequestIdentity,
} from '../../../../api/http/auth.ts';
import { loadConfig } from '../../../../core/config.ts';
import { nowSeconds } from '../../../../core/time.ts';
import { codePoint } from '../../../support/codePoint.ts';

const TOKENS = { VIEWER_TOKEN: 'viewer-secret', OPERATOR_TOKEN: 'operator-secret' };

/** Own tokens of single agents, by agent; a revoked one is undefined. */
type OwnTokens = Record<string, string | undefined>;

const accessWith = (env: Record<string, string> = {}, ownTokens: OwnTokens = {}) =>
  createAccess(loadConfig(env), {
    current: async () => ({
      ownerOf: (token) => Object.keys(ownTokens).find((agentId) => ownTokens[agentId] === token),
      has: (agentId) => agentId in ownTokens,
    }),
  });

/** A request from another machine, unless said otherwise. */
function request(headers: IncomingHttpHeaders = {}, remoteAddress = '203.0.113.9'): RequestIdentity {
  return { headers: { host: 'topline.example:8000', ...headers }, remoteAddress };
}

const bearer = (token: string) => request({ authorization: `Bearer ${token}` });
const withCookie = (value: string) => request({ cookie: `${SESSION_COOKIE}=${value}` });

describe('a bearer token', () => {
  const access = accessWith(TOKENS);

  test('says whose it is', () => {
    expect(access.roleOf(bearer('viewer-secret'))).toBe('viewer');
    expect(access.roleOf(bearer('operator-secret'))).toBe('operator');
    expect(access.roleOf(request({ authorization: 'bearer   operator-secret' }))).toBe('operator');
    expect(access.roleOfToken('viewer-secret')).toBe('viewer');
  });

  test.each([
    'Bearer',
    'Bearer ',
    'Bearer wrong',
    'Bearer viewer-secre',
    'Bearer viewer-secret-and-more',
    'Bearer viewer-secret operator-secret',
    'Basic dmlld2VyLXNlY3JldA==',
    'viewer-secret',
    'Bearer VIEWER-SECRET',
  ])('that is wrong is nobody’s: %j', (authorization) => {
    expect(access.roleOf(request({ authorization }))).toBe('anonymous');
  });

  test('matches nothing where none is set, not even an empty one', () => {
    const open = accessWith();
    expect(open.roleOfToken('')).toBeUndefined();
    expect(open.roleOfToken('undefined')).toBeUndefined();
    expect(open.roleOf(bearer('anything'))).toBe('anonymous');
  });

  test('of any other text is refused, whatever its length', () => {
    fc.assert(
      fc.property(fc.string({ unit: codePoint }), (token) => {
        fc.pre(!Object.values(TOKENS).includes(token));
        expect(access.roleOfToken(token)).toBeUndefined();
      }),
    );
  });
});

test('reading is open until a viewer token is set', () => {
  const open = accessWith();
  const closed = accessWith(TOKENS);
  expect(open.mayRead('anonymous')).toBe(true);
  expect(closed.mayRead('anonymous')).toBe(false);
  expect(closed.mayRead('viewer')).toBe(true);
  expect(closed.mayRead('operator')).toBe(true);
});

describe('an agent', () => {
  const OWN = `topline_agent_${'x'.repeat(43)}`;
  const REVOKED = `topline_agent_${'r'.repeat(43)}`;
  const ownTokens = { 'web-01': OWN, 'web-02': undefined };
  const SHARED = { AGENT_API_TOKEN: 'agent-secret' };

  /** As whom a token lets report, of those with a token of their own, with a revoked one, and without. */
  async function mayReportAs(env: Record<string, string>, token: string | undefined) {
    const caller = await accessWith(env, ownTokens).agentOf(token);
    if (caller === undefined) return 'refused';
    return ['web-01', 'web-02', 'web-03'].filter((agentId) => caller.mayReportAs(agentId)).join(' ');
  }

  test.each<[string, Record<string, string>, string | undefined, string]>([
    ['no shared token set, none sent', {}, undefined, 'web-03'],
    ['no shared token set, an old one of somebody’s', {}, 'anything', 'web-03'],
    ['no shared token set, its own', {}, OWN, 'web-01'],
    ['no shared token set, a revoked or mistyped own one', {}, REVOKED, 'refused'],
    ['no shared token set, an own one cut off', {}, OWN.slice(0, -1), 'refused'],
    ['shared token set, none sent', SHARED, undefined, 'refused'],
    ['shared token set, an empty one', SHARED, '', 'refused'],
    ['shared token set, a wrong one', SHARED, 'agent-secre', 'refused'],
    ['shared token set, one too long', SHARED, 'agent-secret ', 'refused'],
    ['shared token set, in capitals', SHARED, 'AGENT-SECRET', 'refused'],
    ['shared token set, the right one', SHARED, 'agent-secret', 'web-01 web-02 web-03'],
    ['shared token set, its own', SHARED, OWN, 'web-01'],
    ['shared token set, a revoked or mistyped own one', SHARED, REVOKED, 'refused'],
  ])('%s', async (_, env, token, expected) => {
    expect(await mayReportAs(env, token)).toBe(expected);
  });

  test('is nobody else with its own token, and anybody without', async () => {
    expect((await accessWith({}, ownTokens).agentOf(OWN))?.ownId).toBe('web-01');
    expect((await accessWith({}, ownTokens).agentOf(undefined))?.ownId).toBeUndefined();
    expect((await accessWith(SHARED, ownTokens).agentOf('agent-secret'))?.ownId).toBeUndefined();
  });

  test('is never let in because its token cannot be looked up', async () => {
    const away = { current: () => Promise.reject(new Error('Connection is closed.')) };
    const open = createAccess(loadConfig({}), away);
    const shared = createAccess(loadConfig(SHARED), away);
    await expect(open.agentOf(undefined)).rejects.toThrow('Connection is closed');
    await expect(open.agentOf(OWN)).rejects.toThrow('Connection is closed');
    await expect(shared.agentOf(OWN)).rejects.toThrow('Connection is closed');
    // No look-up is needed to know these.
    expect(await shared.agentOf('agent-secret')).toBeDefined();
    expect(await shared.agentOf('wrong')).toBeUndefined();
  });
});

describe('a session cookie', () => {
  const access = accessWith(TOKENS);

  test.each(['viewer', 'operator'] as const)('keeps a %s signed in', (role) => {
    expect(access.roleOf(withCookie(access.issueSession(role, nowSeconds())))).toBe(role);
  });

  test('is found among others', () => {
    const value = access.issueSession('viewer', nowSeconds());
    const cookies = `a=1; ${SESSION_COOKIE}=${value}; not_${SESSION_COOKIE}=x`;
    expect(access.roleOf(request({ cookie: cookies }))).toBe('viewer');
    expect(access.roleOf(request({ cookie: `not_${SESSION_COOKIE}=${value}` }))).toBe('anonymous');
  });

  test('is over when its time is', () => {
    const almost = nowSeconds() - SESSION_SECONDS + 30;
    expect(access.roleOf(withCookie(access.issueSession('operator', almost)))).toBe('operator');
    expect(access.roleOf(withCookie(access.issueSession('operator', almost - 60)))).toBe('anonymous');
  });

  test('cannot be made to last longer, nor be turned into another role’s', () => {
    const [, expiresAt = '', signature = ''] = access.issueSession('viewer', nowSeconds()).split('.');
    expect(access.roleOf(withCookie(`viewer.${Number(expiresAt) + 1}.${signature}`))).toBe('anonymous');
    expect(access.roleOf(withCookie(`operator.${expiresAt}.${signature}`))).toBe('anonymous');
    expect(access.roleOf(withCookie(`viewer.${expiresAt}.${signature}`))).toBe('viewer');
  });

  test.each([
    '',
    'operator',
    'operator.',
    'operator..',
    'operator.9999999999',
    'operator.9999999999.',
    'operator.Infinity.x',
    'operator.NaN.x',
    'anonymous.9999999999.x',
    '__proto__.9999999999.x',
  ])('that is made up is nobody’s: %j', (value) => {
    expect(access.roleOf(withCookie(value))).toBe('anonymous');
  });

  test('signed with what the world knows is nobody’s while no token is set', () => {
    const forged = createHmac('sha256', 'topline session ').update('operator.9999999999').digest('base64url');
    expect(accessWith().roleOf(withCookie(`operator.9999999999.${forged}`))).toBe('anonymous');
    expect(accessWith().roleOf(withCookie(accessWith().issueSession('operator', nowSeconds())))).toBe(
      'anonymous',
    );
  });

  test('ends when its token is changed, and only then', () => {
    const value = access.issueSession('viewer', nowSeconds());
    const otherOperator = accessWith({ ...TOKENS, OPERATOR_TOKEN: 'changed' });
    const otherViewer = accessWith({ ...TOKENS, VIEWER_TOKEN: 'changed' });
    expect(otherOperator.roleOf(withCookie(value))).toBe('viewer');
    expect(otherViewer.roleOf(withCookie(value))).toBe('anonymous');
  });

  test('changed in any character is nobody’s', () => {
    const value = access.issueSession('operator', nowSeconds());
    fc.assert(
      fc.property(
        fc.nat(value.length - 1),
        fc.constantFrom('a', 'b', 'X', 'Y', '0', '9', '-', '_'),
        (at, character) => {
          fc.pre(value[at] !== character);
          const changed = value.slice(0, at) + character + value.slice(at + 1);
          expect(access.roleOf(withCookie(changed))).toBe('anonymous');
        },
      ),
    );
  });

  test('holds no secret', () => {
    expect(access.issueSession('operator', nowSeconds())).not.toContain('secret');
  });

  test('stands where a bearer token beside it is wrong', () => {
    const cookie = `${SESSION_COOKIE}=${access.issueSession('viewer', nowSeconds())}`;
    expect(access.roleOf(request({ cookie, authorization: 'Bearer wrong' }))).toBe('viewer');
  });
});

describe('while no operator token is set, a client on this machine is the operator', () => {
  const access = accessWith();
  const behindOne = accessWith({ TRUST_PROXY: '1' });

  test.each([
    ['127.0.0.1', 'localhost:8000'],
    ['127.0.0.1', '127.0.0.1:8000'],
    ['127.0.0.1', 'localhost'],
    ['::1', '[::1]:8000'],
    ['::ffff:127.0.0.1', 'localhost:8000'],
    ['127.0.0.1', 'LocalHost.:8000'],
  ])('from %s asking for %s', (address, host) => {
    expect(access.roleOf(request({ host }, address))).toBe('operator');
  });

  test('but not once one is set', () => {
    const closed = accessWith({ OPERATOR_TOKEN: 'operator-secret' });
    expect(closed.roleOf(request({ host: 'localhost:8000' }, '127.0.0.1'))).toBe('anonymous');
  });

  test('but not a client of another machine, whatever Host it sends', () => {
    for (const host of ['localhost:8000', '127.0.0.1:8000', '[::1]:8000']) {
      expect(access.roleOf(request({ host }, '203.0.113.9'))).toBe('anonymous');
      expect(access.roleOf(request({ host }, '10.0.0.5'))).toBe('anonymous');
    }
  });

  test.each([
    'evil.example',
    'evil.example:8000',
    'localhost.evil.example:8000',
    '127.0.0.1.evil.example',
    'topline.local',
    '0.0.0.0:8000',
    '',
    'localhost:8000:1',
  ])('but not a page that got here by a name of its own (DNS rebinding): %j', (host) => {
    expect(access.roleOf(request({ host }, '127.0.0.1'))).toBe('anonymous');
  });

  test('but not a client that sends no Host', () => {
    expect(access.roleOf({ headers: {}, remoteAddress: '127.0.0.1' })).toBe('anonymous');
  });

  test.each([
    ['x-forwarded-for', '198.51.100.7'],
    ['x-forwarded-for', '127.0.0.1'],
    ['forwarded', 'for=198.51.100.7'],
    ['x-real-ip', '198.51.100.7'],
    ['x-forwarded-host', 'topline.example'],
    ['via', '1.1 proxy'],
  ])('but not what came through an unknown proxy on this machine, as %s: %s tells', (name, value) => {
    expect(access.roleOf(request({ host: 'localhost:8000', [name]: value }, '127.0.0.1'))).toBe('anonymous');
  });

  test.each([
    ['x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-for', '198.51.100.7'],
    ['x-forwarded-for', '203.0.113.9:51234'],
    ['x-forwarded-for', 'unknown'],
    ['x-forwarded-for', '127.0.0.1, 198.51.100.7'],
    ['forwarded', 'for=127.0.0.1'],
    ['forwarded', 'for=_hidden'],
    ['cf-connecting-ip', '198.51.100.7'],
    ['x-forwarded-port', '443'],
    ['x-client-ip', '127.0.0.1'],
    ['x-scheme', 'https'],
  ])('nor through a trusted one, as %s: %s tells', (name, value) => {
    const proxied = request({ host: 'localhost:8000', [name]: value }, '127.0.0.1');
    expect(behindOne.roleOf(proxied)).toBe('anonymous');
    expect(access.roleOf(proxied)).toBe('anonymous');
  });

  test('also past a trusted proxy', () => {
    expect(behindOne.roleOf(request({ host: 'localhost:8000' }, '127.0.0.1'))).toBe('operator');
  });

  test('but not a client of another machine that claims this one, past the proxy or through a proxy elsewhere', () => {
    const claiming = { host: 'localhost:8000', 'x-forwarded-for': '127.0.0.1' };
    expect(behindOne.roleOf(request(claiming, '203.0.113.9'))).toBe('anonymous');
  });

  test('but not one whose connection is gone', () => {
    expect(access.roleOf({ headers: { host: 'localhost' }, remoteAddress: undefined })).toBe('anonymous');
  });
});

describe('the origin of a page', () => {
  const access = accessWith({ ALLOWED_ORIGINS: 'https://dash.example' });

  test.each<[string, IncomingHttpHeaders]>([
    ['none, as of an agent or a script', { host: 'topline.example' }],
    ['its own', { host: 'topline.example:8000', origin: 'http://topline.example:8000' }],
    [
      'its own behind a proxy that speaks TLS',
      { host: 'topline.example', origin: 'https://topline.example' },
    ],
    ['its own, with the port that TLS has anyway', { host: 'a.example:443', origin: 'https://a.example' }],
    ['its own, with the port of plain HTTP', { host: 'a.example:80', origin: 'http://a.example' }],
    ['its own in capitals', { host: 'A.Example', origin: 'https://a.example' }],
    ['its own as a full name', { host: 'a.example.', origin: 'https://a.example' }],
    ['its own, which the browser has as a full name', { host: 'a.example', origin: 'https://a.example.' }],
    ['its own, all of it', { host: 'A.EXAMPLE.:443', origin: 'https://a.example' }],
    ['its own by address', { host: '[2001:DB8:0::1]:8000', origin: 'http://[2001:db8::1]:8000' }],
    ['a named one as a full name', { host: 'topline.example', origin: 'https://dash.example.' }],
    ['one that is named', { host: 'topline.example', origin: 'https://dash.example' }],
  ])('may be %s', (_, headers) => {
    expect(access.originAllowed(headers)).toBe(true);
  });

  test.each<[string, IncomingHttpHeaders]>([
    ['another', { host: 'topline.example', origin: 'https://evil.example' }],
    ['another port', { host: 'topline.example:8000', origin: 'http://topline.example:9000' }],
    ['one that begins like it', { host: 'topline.example', origin: 'https://topline.example.evil.example' }],
    [
      'one that begins like a named one',
      { host: 'topline.example', origin: 'https://dash.example.evil.example' },
    ],
    ['a named one without TLS', { host: 'topline.example', origin: 'http://dash.example' }],
    ['another port that plain HTTP has', { host: 'a.example:80', origin: 'https://a.example' }],
    ['another port that TLS has', { host: 'a.example:443', origin: 'http://a.example' }],
    ['a user of its host', { host: 'a.example', origin: 'https://evil@a.example' }],
    ['its own as a path', { host: 'evil.example/a.example', origin: 'https://evil.example' }],
    ['another host behind a user', { host: 'a.example@evil.example', origin: 'https://evil.example' }],
    ['an opaque one', { host: 'topline.example', origin: 'null' }],
    ['an empty one', { host: 'topline.example', origin: '' }],
    ['nonsense', { host: 'topline.example', origin: 'topline.example' }],
    ['any, where there is no Host', { origin: 'https://topline.example' }],
  ])('may not be %s', (_, headers) => {
    expect(access.originAllowed(headers)).toBe(false);
  });
});
