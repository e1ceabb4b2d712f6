// Who may talk to the street server and what it takes: only its own page on this machine, in bounds.
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { StileError } from '../../../runtime/core/errors.ts';
import { MAX_BODY_BYTES, MAX_CODE_BYTES, MAX_PENDING_ACTS, PORT_ATTEMPTS } from '../../../simulators/street/server.ts';
import {
  type Ask,
  ask,
  pageFolder,
  pageHeaders,
  type StartedStreet,
  type StartOptions,
  startStreet,
} from '../../fixtures/street-server.ts';
import { FixtureStreet, quietStreet } from '../../fixtures/street-world.ts';

const open: (() => Promise<unknown>)[] = [];

async function street(options?: StartOptions): Promise<StartedStreet> {
  const started = await startStreet(options);
  open.push(() => started.server.close());
  return started;
}

/** Takes a port as another program would; 0 takes any. */
async function occupy(port: number): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  open.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const act = (action: string, headers: NonNullable<Ask['headers']>): Ask => ({
  method: 'POST',
  path: '/act',
  headers,
  body: JSON.stringify({ action }),
});

describe('the page', () => {
  it('is served with its token, never cached, and may load nothing from elsewhere', async () => {
    const { server } = await street();
    const page = await ask(server, {});
    expect(page.status).toBe(200);
    expect(page.body).toMatch(/^<p>[0-9a-f]{64} [0-9a-f]{16}<\/p>$/);
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'self';/);
    expect(page.headers['content-security-policy']).not.toContain('unsafe');
    expect(page.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('has a fresh token at every start', async () => {
    const first = await street({ seed: 'first' });
    const second = await street({ seed: 'second' });
    expect(await pageHeaders(first.server)).not.toEqual(await pageHeaders(second.server));
    const old = { ...(await pageHeaders(first.server)), origin: `http://127.0.0.1:${second.server.port}` };
    expect((await ask(second.server, act('ride', old))).status).toBe(403);
    expect(second.world.acts).toEqual([]);
  });

  const files: readonly (readonly [path: string, mediaType: string])[] = [
    ['/assets/index-1.js', 'text/javascript; charset=utf-8'],
    ['/assets/index-1.css', 'text/css; charset=utf-8'],
    ['/icon.svg', 'image/svg+xml'],
  ];
  for (const [path, mediaType] of files) {
    it(`${path} is ${mediaType}`, async () => {
      const { server } = await street();
      expect(await ask(server, { path })).toMatchObject({ status: 200, headers: { 'content-type': mediaType } });
    });
  }

  for (const path of ['/notes.txt', '/index.html', '/../package.json', '/%2e%2e/package.json', '/assets/']) {
    it(`${path} is not there`, async () => {
      const { server } = await street();
      expect((await ask(server, { path })).status).toBe(404);
    });
  }

  it('that is not built is a clear error', async () => {
    await expect(street({ webFolder: '/nonexistent-page' })).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      remedy: 'Build it with: npm run build',
    });
  });

  it('without a place for the token is not served', async () => {
    const webFolder = pageFolder('<p>no place</p>');
    open.push(() => rm(webFolder, { recursive: true }));
    await expect(street({ webFolder })).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });
});

describe('a foreign Host', () => {
  const hosts: readonly ((port: number) => string)[] = [
    () => 'example.com',
    (port) => `example.com:${port}`,
    (port) => `0.0.0.0:${port}`,
    (port) => `localhost.:${port}`,
    (port) => `127.0.0.1.:${port}`,
    (port) => `[::1]:${port}`,
    (port) => `127.0.0.2:${port}`,
    () => 'localhost',
    () => '127.0.0.1:1',
    (port) => `127.0.0.1:${port},example.com`,
  ];
  for (const host of hosts) {
    it(`${host(80)} is turned away from page, events and acts`, async () => {
      const { server, world } = await street();
      const headers = { ...(await pageHeaders(server)), host: host(server.port) };
      for (const asked of [{ headers }, { path: '/events', headers }, act('ride', headers)]) {
        expect(await ask(server, asked)).toMatchObject({ status: 421 });
      }
      expect(world.acts).toEqual([]);
    });
  }

  it('that is missing is turned away', async () => {
    const { server } = await street();
    expect((await ask(server, { headers: { host: undefined } })).status).toBe(400);
  });

  it('localhost with the port is our own', async () => {
    const { server } = await street();
    expect((await ask(server, { headers: { host: `localhost:${server.port}` } })).status).toBe(200);
  });
});

describe('an act', () => {
  it('of the page is done and answered with a sentence', async () => {
    const { server, world } = await street();
    const answer = await ask(server, act('cut-network', await pageHeaders(server)));
    expect(answer).toMatchObject({ status: 200, body: JSON.stringify({ said: 'Done: cut-network.' }) });
    expect(world.acts).toEqual(['cut-network']);
  });

  const strangers: readonly (readonly [name: string, headers: NonNullable<Ask['headers']>, status: number])[] = [
    ['a foreign Origin', { origin: 'http://example.com' }, 403],
    ['the Origin of a sandboxed page', { origin: 'null' }, 403],
    ['our Origin with another scheme', { origin: 'https://127.0.0.1' }, 403],
    ['our Origin with another port', { origin: 'http://127.0.0.1:1' }, 403],
    ['no Origin', { origin: undefined }, 403],
    ['no token', { 'x-street-token': undefined }, 403],
    ['an empty token', { 'x-street-token': '' }, 403],
    ['a wrong token', { 'x-street-token': '0'.repeat(64) }, 403],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['plain text', { 'content-type': 'text/plain' }, 415],
  ];
  for (const [name, headers, status] of strangers) {
    it(`with ${name} is refused with ${status}`, async () => {
      const { server, world } = await street();
      const answer = await ask(server, act('ride', { ...(await pageHeaders(server)), ...headers }));
      expect(answer.status).toBe(status);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      expect(world.acts).toEqual([]);
    });
  }

  it('asked about by a preflight from elsewhere is refused', async () => {
    const { server } = await street();
    const headers = { origin: 'http://example.com', 'access-control-request-method': 'POST' };
    expect((await ask(server, { method: 'OPTIONS', path: '/act', headers })).status).toBe(403);
  });

  for (const body of [
    '',
    '{',
    'null',
    '[]',
    '{"action":"explode"}',
    '{"action":"ride","more":1}',
    '{"__proto__":{}}',
  ]) {
    it(`with the body ${body || 'of nothing'} is not understood`, async () => {
      const { server, world } = await street();
      const headers = await pageHeaders(server);
      expect((await ask(server, { method: 'POST', path: '/act', headers, body })).status).toBe(400);
      expect(world.acts).toEqual([]);
    });
  }

  it('that fails with a cause tells it, one that fails by a bug tells nothing', async () => {
    const { server, world } = await street();
    const headers = await pageHeaders(server);
    world.onAct = () =>
      Promise.reject(new StileError('DEVICE_ABSENT', 'the reader is not plugged in', { remedy: 'Plug it in' }));
    const told = await ask(server, act('ride', headers));
    expect(told.status).toBe(409);
    expect(told.body).toContain('the reader is not plugged in. Plug it in');
    world.onAct = () => Promise.reject(new Error('secret inner state'));
    const untold = await ask(server, act('ride', headers));
    expect(untold.status).toBe(500);
    expect(untold.body).not.toContain('secret');
  });

  it(`waits its turn no further than ${MAX_PENDING_ACTS} deep`, async () => {
    const { server, world } = await street();
    const headers = await pageHeaders(server);
    let release = (_said: string): void => {};
    const held = new Promise<string>((resolve) => {
      release = resolve;
    });
    world.onAct = () => held;
    const pending = Array.from({ length: MAX_PENDING_ACTS }, () => ask(server, act('hold', headers)));
    while (world.acts.length < MAX_PENDING_ACTS) await new Promise((resolve) => setImmediate(resolve));
    expect((await ask(server, act('hold', headers))).status).toBe(429);
    release('Held.');
    expect((await Promise.all(pending)).map(({ status }) => status)).toEqual(Array(MAX_PENDING_ACTS).fill(200));
    expect((await ask(server, act('hold', headers))).status).toBe(200);
  });
});

describe('a code shown to the reader', () => {
  const present = async (code: string) => {
    const { server, world } = await street();
    const headers = await pageHeaders(server);
    const answer = await ask(server, { method: 'POST', path: '/present', headers, body: JSON.stringify({ code }) });
    return { status: answer.status, presented: world.presented };
  };

  it('reaches it unchanged', async () => {
    const code = 'SP1: $%*+-./:\u0000 é公';
    expect(await present(code)).toEqual({ status: 200, presented: [code] });
  });

  it(`may have ${MAX_CODE_BYTES} bytes, also where each is escaped`, async () => {
    const longest = '\u0001'.repeat(MAX_CODE_BYTES);
    expect(await present(longest)).toEqual({ status: 200, presented: [longest] });
  });

  it('of one byte more, counted in bytes, is refused', async () => {
    expect(await present('x'.repeat(MAX_CODE_BYTES + 1))).toEqual({ status: 400, presented: [] });
    expect(await present('公'.repeat(MAX_CODE_BYTES / 3 + 1))).toEqual({ status: 400, presented: [] });
  });

  it('of nothing is refused', async () => {
    expect(await present('')).toEqual({ status: 400, presented: [] });
  });

  it('in a body over the limit is refused before it is read', async () => {
    expect(await present('x'.repeat(MAX_BODY_BYTES))).toEqual({ status: 413, presented: [] });
  });
});

describe('the museum', () => {
  const post = async (path: string, body: object, world = new FixtureStreet()) => {
    const { server } = await street({ world });
    const headers = await pageHeaders(server);
    const answer = await ask(server, { method: 'POST', path, headers, body: JSON.stringify(body) });
    return { status: answer.status, acts: world.museum?.acts, presented: world.museum?.presented };
  };

  it('is asked for the act, and a code goes to the reader that is named', async () => {
    const act = { kind: 'putBack', cabinet: 'cabinet-1', slot: 3, item: null };
    expect(await post('/museum', act)).toMatchObject({ status: 200, acts: [act] });
    const shown = { code: 'ST1:X', terminal: 'lane-2' };
    expect(await post('/present', shown)).toMatchObject({ status: 200, presented: [shown] });
  });

  it.each([
    { kind: 'open', lane: 'lane-1' },
    { kind: 'person', lane: 'lane-1', does: 'fly' },
    { kind: 'fire', on: true, lane: 'lane-1' },
    { kind: 'take', cabinet: 'cabinet-1', slot: 0 },
    { kind: 'kill', terminal: 'x'.repeat(65) },
  ])('is asked for nothing but its acts: %j', async (act) => {
    expect(await post('/museum', act)).toMatchObject({ status: 400, acts: [] });
  });

  it('that a street does not have is not found', async () => {
    const without = () => new FixtureStreet({ ...quietStreet, museum: null });
    expect(await post('/museum', { kind: 'fire', on: true }, without())).toMatchObject({ status: 404 });
    expect(await post('/present', { code: 'X', terminal: 'lane-1' }, without())).toMatchObject({ status: 404 });
  });

  it('listens to nobody without the token of the page', async () => {
    const { server, world } = await street();
    const headers = { ...(await pageHeaders(server)), 'x-street-token': 'guessed' };
    const body = JSON.stringify({ kind: 'fire', on: true });
    expect((await ask(server, { method: 'POST', path: '/museum', headers, body })).status).toBe(403);
    expect(world.museum?.acts).toEqual([]);
  });
});

describe('the port', () => {
  it('is the next free one where the wanted one is taken', async () => {
    const taken = await occupy(0);
    const { server } = await street({ port: taken });
    expect(server.port).toBeGreaterThan(taken);
    expect(server.port).toBeLessThan(taken + PORT_ATTEMPTS);
    expect(server.url).toBe(`http://127.0.0.1:${server.port}/`);
    expect((await ask(server, {})).status).toBe(200);
  });

  it('is an error with a remedy where none is left', async () => {
    await occupy(65_535).catch(() => {});
    await expect(street({ port: 65_535 })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  });

  it('is free again once the server is closed, and nobody listens to the world any more', async () => {
    const { server, world } = await startStreet();
    expect(world.listeners).toBe(1);
    await server.close();
    expect(world.listeners).toBe(0);
    const again = await street({ port: server.port });
    expect(again.server.port).toBe(server.port);
  });
});
