// The live snapshots: at most one per period, the newest, to a bounded number of pages.
import { get, type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import type { StreetServer } from '../../../simulators/street/server.ts';
import { HEARTBEAT_MS, MAX_PAGES, SNAPSHOT_PERIOD_MS } from '../../../simulators/street/snapshot-stream.ts';
import type { StreetSnapshot } from '../../../simulators/street/world.ts';
import { ask, type StartedStreet, startStreet } from '../../fixtures/street-server.ts';
import { sampleCode } from '../../fixtures/street-world.ts';

const open: StartedStreet[] = [];
afterEach(async () => {
  for (const { server } of open.splice(0)) await server.close();
});

async function street(clock: VirtualClock): Promise<StartedStreet> {
  const started = await startStreet({ clock });
  open.push(started);
  return started;
}

class OpenPage {
  readonly response: IncomingMessage;
  text = '';

  static open({ port }: StreetServer, origin?: string): Promise<OpenPage> {
    const headers = origin === undefined ? {} : { origin };
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: '/events', headers, agent: false }, (response) => {
        resolve(new OpenPage(response));
      }).on('error', reject);
    });
  }

  private constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8').on('data', (part: string) => {
      this.text += part;
    });
    response.on('error', () => {});
  }

  get snapshots(): readonly StreetSnapshot[] {
    return this.text
      .split('\n\n')
      .filter((message) => message.startsWith('data: ') && message.endsWith('}'))
      .map((message) => JSON.parse(message.slice(6)));
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('an open page', () => {
  it('is told which start it is and the state at once', async () => {
    const { server } = await street(new VirtualClock());
    const page = await OpenPage.open(server);
    expect(page.response.headers['content-type']).toBe('text/event-stream');
    await page.until(() => page.snapshots.length === 1);
    expect(page.text).toMatch(/^event: hello\ndata: "[0-9a-f]{16}"\n\n/);
  });

  it(`is told many changes within ${SNAPSHOT_PERIOD_MS} ms as one, the newest`, async () => {
    const clock = new VirtualClock();
    const { server, world } = await street(clock);
    const page = await OpenPage.open(server);
    await page.until(() => page.snapshots.length === 1);
    for (let change = 1; change <= 100; change += 1) world.light({ green: true }, 1);
    await page.until(() => page.snapshots.length === 2);
    expect(page.snapshots[1]?.board.beeps, 'the first change is told at once').toBe(1);
    await clock.advance(SNAPSHOT_PERIOD_MS - 1);
    expect(page.snapshots).toHaveLength(2);
    await clock.advance(1);
    await page.until(() => page.snapshots.length === 3);
    expect(page.snapshots[2]?.board.beeps).toBe(100);
    await clock.advance(10 * SNAPSHOT_PERIOD_MS);
    expect(page.snapshots, 'nothing is sent where nothing changed').toHaveLength(3);
  });

  it('hears that the street lives where nothing changes', async () => {
    const clock = new VirtualClock();
    const { server } = await street(clock);
    const page = await OpenPage.open(server);
    await page.until(() => page.snapshots.length === 1);
    await clock.advance(2 * HEARTBEAT_MS);
    await page.until(() => page.text.split('event: beat').length === 3);
    expect(page.snapshots).toHaveLength(1);
  });

  it('that does not read is skipped, not queued for, and gets the newest state when it reads again', async () => {
    const clock = new VirtualClock();
    const { server, world } = await street(clock);
    const page = await OpenPage.open(server);
    await page.until(() => page.snapshots.length === 1);
    page.response.pause();
    const changes = 4000;
    const { phone } = world.snapshot();
    for (let turn = 1; turn <= changes; turn += 1) {
      world.become({ phone: { ...phone, account: `turn ${turn}`, code: sampleCode(turn).repeat(8) } });
      await clock.advance(SNAPSHOT_PERIOD_MS);
    }
    page.response.resume();
    await page.until(() => page.snapshots.at(-1)?.phone.account === `turn ${changes}`);
    expect(page.snapshots.length).toBeLessThan(changes);
  });

  it('of another site is turned away', async () => {
    const { server } = await street(new VirtualClock());
    const headers = { origin: 'http://example.com' };
    expect((await ask(server, { path: '/events', headers })).status).toBe(403);
    const crossSite = { 'sec-fetch-site': 'cross-site' };
    expect((await ask(server, { path: '/events', headers: crossSite })).status).toBe(403);
  });
});

it(`no more than ${MAX_PAGES} pages are open, and a closed one makes room`, async () => {
  const { server } = await street(new VirtualClock());
  const pages = await Promise.all(Array.from({ length: MAX_PAGES }, () => OpenPage.open(server)));
  expect((await ask(server, { path: '/events' })).status).toBe(503);
  pages[0]?.response.destroy();
  let status = 503;
  for (let attempt = 0; status === 503 && attempt < 1000; attempt += 1) {
    const page = await OpenPage.open(server);
    status = page.response.statusCode ?? 0;
  }
  expect(status).toBe(200);
});
