import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isHostAllowed, isLoopback } from '../../lib/server/access/hosts.ts';
import { refuseOwnAddress } from '../../lib/server/access/own-address.ts';
import { createRateLimiter } from '../../lib/server/access/rate-limit.ts';
import { findToken, readTokens } from '../../lib/server/access/tokens.ts';
import { serve } from '../../lib/server/index.ts';
import { signedIn, startServer } from './stand-in.ts';

const token = 'a-token-of-enough-length';
const other = 'another-token-of-enough-length';

describe('on an address that others can reach', () => {
  const host = '0.0.0.0';

  it('a server without a token does not start', async () => {
    await expect(startServer({ host })).rejects.toMatchObject({ code: 'INVALID_OPTION', option: 'host' });
  });

  it('a personal plan is not served, unless its owner promises to be the only user', async () => {
    const checkSignIn = async () => ({ signedIn: true, method: 'claude.ai' });
    await expect(startServer({ host, token, checkSignIn })).rejects.toThrow(
      /for its owner only.*--sole-user/,
    );
    await using server = await startServer({ host, token, checkSignIn, soleUser: true });
    expect((await fetch(`http://127.0.0.1:${server.port}/health`)).status).toBe(200);
  });

  it.each(['api_key', 'third_party'])('a sign-in by %s is served', async method => {
    await using server = await startServer({
      host,
      token,
      checkSignIn: async () => ({ signedIn: true, method }),
    });
    expect((await fetch(`http://127.0.0.1:${server.port}/health`)).status).toBe(200);
  });

  it('a sign-in of an unknown kind counts as a plan', async () => {
    const checkSignIn = async () => ({ signedIn: true, method: 'something new' });
    await expect(startServer({ host, token, checkSignIn })).rejects.toThrow(/something new/);
  });

  it('nobody is served who might sign in with a plan later', async () => {
    const checkSignIn = async () => ({ signedIn: false, method: 'none' });
    await expect(startServer({ host, token, checkSignIn })).rejects.toThrow(/not signed in/);
  });
});

it.each([
  ['http://127.0.0.1:8787', 8787],
  ['http://localhost:8787/', 8787],
  ['http://[::1]', 80],
])('a server that would ask itself (%s) does not start', async (url, port) => {
  const env = { ANTHROPIC_BASE_URL: url };
  await expect(serve({ port, env })).rejects.toMatchObject({ option: 'env.ANTHROPIC_BASE_URL' });
  expect(() => refuseOwnAddress({ host: '127.0.0.1', port: port + 1 }, env)).not.toThrow();
});

describe('a server with tokens', () => {
  it('lets each of them in, by either header, and nobody else', async () => {
    await using server = await startServer({ token: [token, other] });
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${server.url}/v1/models`, { headers: { 'anthropic-version': '1', ...headers } })).status;
    expect(await ask({ authorization: `Bearer ${token}` })).toBe(200);
    expect(await ask({ authorization: `bearer ${other}` })).toBe(200);
    expect(await ask({ 'x-api-key': other })).toBe(200);
    expect(await ask({ 'x-api-key': 'any', authorization: `Bearer ${token}` })).toBe(200);
    expect(await ask({ 'x-api-key': token, authorization: 'Bearer any' })).toBe(200);
    for (const wrong of ['', 'x', token.slice(1), `${token}x`, `${token},${other}`]) {
      expect(await ask({ 'x-api-key': wrong })).toBe(401);
      expect(await ask({ authorization: `Bearer ${wrong}` })).toBe(401);
    }
    expect(await ask({ authorization: `Basic ${token}` })).toBe(401);
    expect(await ask({})).toBe(401);
  });

  it('keeps metrics for those who may come in, and health for everybody', async () => {
    await using server = await startServer({ token });
    const status = async (path: string, headers = {}) => (await fetch(server.url + path, { headers })).status;
    expect(await status('/metrics')).toBe(401);
    expect(await status('/metrics', { 'x-api-key': token })).toBe(200);
    expect(await status('/health')).toBe(200);
    expect(await status('/ready')).toBe(200);
  });

  it('does not hand the token on', async () => {
    let seen = new Headers();
    const handler = async ({ headers }: Request) => {
      seen = headers;
      return Response.json({});
    };
    await using server = await startServer({ token, handler });
    await fetch(`${server.url}/v1/models`, {
      headers: { 'x-api-key': token, cookie: 'a=b', 'x-other': '1' },
    });
    expect(seen.get('x-other')).toBe('1');
    expect([...seen].flat().join()).not.toContain(token);
    expect(seen.has('cookie')).toBe(false);
  });
});

describe('tokens', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tokens-'));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('come from the option, else the file, else the environment', () => {
    const tokenFile = join(directory, 'tokens');
    writeFileSync(tokenFile, `\n${token}\r\n  ${other}\n`);
    const env = { CLAUDE_CLI_STREAM_TOKEN: 'from-the-environment' };
    expect(readTokens({ token: 'from-the-option-of-serve', tokenFile }, env)).toEqual([
      'from-the-option-of-serve',
    ]);
    expect(readTokens({ tokenFile }, env)).toEqual([token, other]);
    expect(readTokens({}, env)).toEqual(['from-the-environment']);
    expect(readTokens({}, {})).toEqual([]);
  });

  it('that are too short, too odd or missing are refused without showing them', () => {
    for (const wrong of ['', 'short', `${token} with a space`, [], [token, 'short']]) {
      expect(() => readTokens({ token: wrong })).toThrow(/16 visible ASCII/);
      expect(() => readTokens({ token: wrong })).not.toThrow(/short|space/);
    }
    expect(() => readTokens({ tokenFile: join(directory, 'missing') })).toThrow(/readable file/);
  });

  it('are found whatever their place', () => {
    expect(findToken(new Headers({ 'x-api-key': other }), [token, other])).toBe(1);
    expect(findToken(new Headers(), [token])).toBe(-1);
    expect(findToken(new Headers(), [])).toBe(-1);
  });
});

describe('the Host header', () => {
  const loopback = { host: '127.0.0.1', allowedHosts: [] };

  it.each([
    ['localhost:8787', true],
    ['127.0.0.1', true],
    ['127.1.2.3:1', true],
    ['[::1]:8787', true],
    ['LOCALHOST', true],
    ['evil.example:8787', false],
    ['127.0.0.1.evil.example', false],
    ['localhost.evil.example', false],
    ['', false],
    [null, false],
  ])('%s on this machine alone: %s', (header, allowed) => {
    expect(isHostAllowed(header, loopback)).toBe(allowed);
  });

  it('may be a name that was allowed', () => {
    expect(isHostAllowed('Proxy.example:80', { ...loopback, allowedHosts: ['proxy.example'] })).toBe(true);
    const open = { host: '0.0.0.0', allowedHosts: [] };
    expect(isHostAllowed('anything.example', open)).toBe(true);
    const named = { ...open, allowedHosts: ['proxy.example'] };
    expect(isHostAllowed('anything.example', named)).toBe(false);
  });

  it('of a probe is the address it reaches', () => {
    const named = { host: '0.0.0.0', allowedHosts: ['proxy.example'] };
    for (const header of ['127.0.0.1:8787', 'localhost', '10.1.2.3:8787', '[fd00::1]:8787'])
      expect(isHostAllowed(header, named)).toBe(true);
    expect(isHostAllowed('10.1.2.3', loopback)).toBe(false);
  });

  it('tells loopback addresses from others', () => {
    expect(['127.0.0.1', '::1', '[::1]', 'localhost'].every(isLoopback)).toBe(true);
    expect(['0.0.0.0', '::', '10.0.0.1', '127.evil.example', ''].some(isLoopback)).toBe(false);
  });
});

describe('pages of other origins', () => {
  it('get no leave, unless their origin is allowed', async () => {
    await using server = await startServer({ corsOrigins: ['https://app.example'] });
    const preflight = (origin: string) =>
      fetch(`${server.url}/v1/messages`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'x-api-key',
        },
      });
    const allowed = await preflight('https://app.example');
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(allowed.headers.get('access-control-allow-headers')).toBe('x-api-key');
    const refused = await preflight('https://evil.example');
    expect(refused.status).toBe(403);
    expect(refused.headers.has('access-control-allow-origin')).toBe(false);
  });
});

describe('the rate limit', () => {
  it('counts each token by itself and says when to come back', async () => {
    await using server = await startServer({ token: [token, other], rateLimit: { requests: 2 } });
    const ask = (key: string) => fetch(`${server.url}/v1/models`, { headers: { 'x-api-key': key } });
    expect([(await ask(token)).status, (await ask(token)).status]).toEqual([200, 200]);
    const refused = await ask(token);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
    expect((await ask(other)).status).toBe(200);
  });

  it('allows a burst and refills evenly', () => {
    const clock = vi.fn(() => 0);
    const wait = createRateLimiter({ requests: 2, interval: 1000 }, clock);
    expect([wait(0), wait(0), wait(0), wait(1)]).toEqual([0, 0, 500, 0]);
    clock.mockReturnValue(500);
    expect([wait(0), wait(0)]).toEqual([0, 500]);
    clock.mockReturnValue(60_000);
    expect([wait(0), wait(0), wait(0) > 0]).toEqual([0, 0, true]);
  });
});

it('refuses options it cannot honour', async () => {
  for (const wrong of [
    { port: -1 },
    { port: 1.5 },
    { grace: -1 },
    { timeout: 0 },
    { maxBodySize: Number.NaN },
  ]) {
    await expect(startServer({ ...wrong, checkSignIn: signedIn })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      option: Object.keys(wrong)[0],
    });
  }
});
