// The street page in a real browser: built as it ships, served by the real server, used by pointer,
// finger and keyboard. The street behind it is a fixture, so that every state can be shown.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import decodeQR from 'qr/decode.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StreetServer } from '../../simulators/street/server.ts';
import { Browser, type Page } from '../fixtures/browser.ts';
import { startStreet } from '../fixtures/street-server.ts';
import { FixtureStreet, quietStreet, rideRow, sampleCode } from '../fixtures/street-world.ts';
import { peer, programPath } from '../peers/available.ts';

const root = join(import.meta.dirname, '../..');
const desk = { width: 1280, height: 800 };
const pocket = { width: 390, height: 844 };

describe.skipIf(!peer('chromium'))('the street page', () => {
  const webFolder = mkdtempSync(join(tmpdir(), 'stile-street-web-'));
  const servers: StreetServer[] = [];
  let browser: Browser;

  beforeAll(() => {
    const vite = join(root, 'node_modules/vite/bin/vite.js');
    const built = spawnSync(process.execPath, [vite, 'build', '--outDir', webFolder, '--logLevel', 'warn'], {
      cwd: root,
    });
    expect(built.status, String(built.stderr)).toBe(0);
    browser = Browser.start(programPath('chromium') ?? '');
  }, 60_000);

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  afterAll(async () => {
    await browser.close();
    rmSync(webFolder, { recursive: true });
  });

  async function visit(
    world = new FixtureStreet(),
    size = desk,
  ): Promise<{ page: Page; world: FixtureStreet; server: StreetServer }> {
    const { server } = await startStreet({ world, webFolder });
    servers.push(server);
    const page = await browser.open(server.url, size);
    await page.until(`document.querySelector('.phone')`);
    return { page, world, server };
  }

  const phoneRests = `document.querySelector('.phone').style.transform === ''
    && document.querySelector('.phone').getAnimations().length === 0`;
  const signIs = (sign: string): string => `document.querySelector('.screen').dataset.sign === '${sign}'`;

  it('draws a code that an independent decoder reads off the picture', async () => {
    const { page } = await visit();
    const pixels = await page.read<{ width: number; height: number; data: number[] }>(`(async () => {
      const svg = document.querySelector('.code svg');
      const source = new XMLSerializer().serializeToString(svg);
      const image = new Image();
      image.src = 'data:image/svg+xml;base64,' + btoa(source);
      const canvas = document.createElement('canvas');
      canvas.width = svg.width.baseVal.value;
      canvas.height = svg.height.baseVal.value;
      const context = canvas.getContext('2d');
      context.fillStyle = 'white';
      context.fillRect(0, 0, canvas.width, canvas.height);
      const path = new Path2D(svg.querySelector('path').getAttribute('d'));
      context.scale(canvas.width / svg.viewBox.baseVal.width, canvas.height / svg.viewBox.baseVal.height);
      context.fillStyle = getComputedStyle(svg.querySelector('path')).fill;
      context.fill(path);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      return { width: canvas.width, height: canvas.height, data: [...data] };
    })()`);
    expect(decodeQR({ ...pixels, data: Uint8Array.from(pixels.data) })).toBe(sampleCode());
  });

  it('says what kept a code from being read', async () => {
    const { page, world } = await visit();
    world.unread = 'The reader is unplugged: nobody read the code.';
    await page.click('.phone');
    await page.until(`document.querySelector('.answer-bad')?.innerText.includes('unplugged')`);
    expect(world.presented).toHaveLength(1);
  });

  it('shows what lamp and buzzer do, in colour, shape and words, and keeps the result readable', async () => {
    const { page, world } = await visit();
    await page.until(signIs('ready'));
    world.light({ green: true }, 1);
    await page.until(signIs('welcome'));
    await page.until(`document.querySelector('.waves-on')`);
    expect(await page.text('.sign-title')).toBe('Welcome');
    expect(await page.read(`document.querySelectorAll('.area-bus .lamp-lit').length`)).toBe(1);
    world.light({});
    await page.until(signIs('ready'));
    await page.until(`document.querySelector('.last strong').innerText === 'Welcome, 1 tone'`);
    world.light({ red: true }, 3);
    await page.until(signIs('refused'));
    await page.until(`document.querySelector('.last strong').innerText === 'Not accepted, 3 tones'`);
    expect(await page.read(`document.querySelector('.last strong').getAttribute('aria-live')`)).toBe('polite');
  });

  it('does not call a dark lamp ready while the terminal is dead', async () => {
    const { page, world } = await visit();
    world.become({ terminal: { id: 'BUS-1', process: 'dead', pid: null } });
    await page.until(`document.querySelector('.sign-title').innerText === 'Dark'`);
    expect(await page.text('.fault-broken')).toBe('Power');
  });

  it('marks what waits on the bus, beside the ledger that lacks it', async () => {
    const { page, world } = await visit();
    const journal = [rideRow(2), rideRow(1)];
    world.become({ journal, ledger: [{ ...rideRow(1), verdict: 'good' }], network: 'cut' });
    await page.until(`document.querySelectorAll('.row').length === 3`);
    expect(await page.text('.row-waiting')).toContain('#2');
    expect(await page.text('.row-verdict')).toBe('verified');
    world.become({ ledger: journal });
    await page.until(`document.querySelectorAll('.row-waiting').length === 0`);
  });

  it('shows its code by click, by Enter, and by a drag onto the reader; a drag elsewhere shows nothing', async () => {
    const { page, world } = await visit();
    await page.click('.phone');
    await page.until(`document.querySelector('.answer').innerText === 'Code shown to the reader.'`);
    expect(world.presented).toEqual([sampleCode()]);

    await page.read(`document.querySelector('.phone').focus()`);
    await page.key('Enter');
    await expect.poll(() => world.presented.length).toBe(2);
    await page.until(phoneRests);

    const from = await page.centre('.phone');
    const reader = await page.centre('[data-reader=BUS-1]');
    await drag(page, from, { x: from.x, y: from.y + 90 });
    await page.until(`document.querySelector('.answer').innerText.startsWith('Not over a reader')`);
    expect(world.presented).toHaveLength(2);

    await page.until(phoneRests);
    await drag(page, from, reader);
    await expect.poll(() => world.presented.length).toBe(3);

    await page.until(phoneRests);
    await drag(page, from, await page.centre('[data-reader=lane-2]'));
    await expect.poll(() => world.museum?.presented).toEqual([{ code: sampleCode(), terminal: 'lane-2' }]);
    expect(world.presented).toHaveLength(3);
  });

  it('is dragged by a finger on a narrow screen, and nothing is wider than the screen', async () => {
    const { page, world } = await visit(new FixtureStreet(), pocket);
    await page.send('Emulation.setTouchEmulationEnabled', { enabled: true });
    expect(await page.read('document.documentElement.scrollWidth')).toBe(pocket.width);
    await page.read(`window.scrollTo(0, document.querySelector('.phone').getBoundingClientRect().top - 70)`);
    const from = await page.centre('.phone');
    const to = await page.centre('[data-reader=BUS-1]');
    await page.touch('touchStart', from);
    for (const part of [0.25, 0.5, 0.75, 1]) {
      await page.touch('touchMove', { x: from.x + part * (to.x - from.x), y: from.y + part * (to.y - from.y) });
    }
    await page.touch('touchEnd');
    await expect.poll(() => world.presented).toEqual([sampleCode()]);
  });

  it('every button asks for its act, says what came of it, and is a target of 48 px or more', async () => {
    const { page, world } = await visit();
    const count = await page.read<number>(`document.querySelectorAll('.act, .part-act').length`);
    for (let index = 0; index < count; index += 1) {
      await page.read(`document.querySelectorAll('.act, .part-act')[${index}].click()`);
    }
    // They travel side by side: in which order they arrive is not the page's to say.
    await expect
      .poll(() => [...world.acts].sort())
      .toEqual(
        [
          'stop-headend',
          ...['ride', 'hold', 'stale', 'forge', 'foreign', 'deny'],
          ...['kill-terminal', 'cut-network', 'unplug-reader'],
        ].sort(),
      );
    await page.until(`document.querySelector('.answer').innerText.startsWith('Done: ')`);
    const smallest = await page.read<number>(`Math.min(...[...document.querySelectorAll('button, select, .choice')]
      .map((button) => Math.min(button.offsetWidth, button.offsetHeight)))`);
    expect(smallest).toBeGreaterThanOrEqual(48);
  });

  it('broken parts offer their mending', async () => {
    const world = new FixtureStreet({
      ...quietStreet,
      terminal: { id: 'BUS-1', process: 'dead', pid: null },
      reader: { plugged: false, path: '' },
      network: 'cut',
      headEnd: 'stopped',
      phone: { ...quietStreet.phone, denied: true },
    });
    const { page } = await visit(world);
    const labels = await page.read<string[]>(
      `[...document.querySelectorAll('.part-act, .act')].map((one) => one.ariaLabel.split(':')[0])`,
    );
    const acts = ['Ride', 'Hold on the glass', 'Old code', 'Forged code', 'Foreign issuer', 'Pardon account'];
    expect(labels).toEqual(['Start', ...acts, 'Restart', 'Restore', 'Plug in']);
  });

  it('fits a desk screen without scrolling', async () => {
    const rows = Array.from({ length: 12 }, (_, index) => rideRow(50 - index));
    const { page } = await visit(new FixtureStreet({ ...quietStreet, journal: rows, ledger: rows }));
    expect(await page.read('document.documentElement.scrollHeight')).toBe(desk.height);
    expect(await page.read('document.documentElement.scrollWidth')).toBe(desk.width);
  });

  it('says that the street is not running, and comes back by itself with a new token', async () => {
    const { page, world, server } = await visit();
    servers.splice(0);
    await server.close();
    await page.until(`document.querySelector('.lost')`);
    expect(await page.text('.lost')).toContain('The street is not running.');
    expect(await page.read(`[...document.querySelectorAll('button')].every((button) => button.disabled)`)).toBe(true);

    const start = `document.querySelector('meta[name=street-start]')?.content`;
    const before = await page.read<string>(start);
    const again = await startStreet({ world, webFolder, port: server.port, seed: 'another start' });
    servers.push(again.server);
    expect(again.server.port).toBe(server.port);
    await page.until(
      `![undefined, '${before}'].includes(${start}) && document.querySelector('.phone:enabled') && !document.querySelector('.lost')`,
    );
    await page.click('.phone');
    await expect.poll(() => world.presented.length).toBe(1);
  });

  it('loads nothing the policy forbids and throws no error', async () => {
    const { page, world } = await visit();
    world.light({ green: true }, 1);
    await page.until(signIs('welcome'));
    await page.click('.act');
    await expect.poll(() => world.acts).toEqual(['ride']);
    expect(page.complaints).toEqual([]);
    const origins = await page.read<string[]>(
      `[...new Set(performance.getEntriesByType('resource').map((entry) => new URL(entry.name).origin))]`,
    );
    expect(origins).toEqual([servers[0]?.url.slice(0, -1)]);
  });
});

async function drag(page: Page, from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
  await page.mouse('mousePressed', from);
  for (const part of [0.25, 0.5, 0.75, 1]) {
    await page.mouse('mouseMoved', { x: from.x + part * (to.x - from.x), y: from.y + part * (to.y - from.y) });
  }
  await page.mouse('mouseReleased', to);
}
