// The street page over the street that really runs: processes, lines and mechanics behind it, a person's clicks before it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemEntropy } from '../../runtime/core/entropy.ts';
import { silentLogger } from '../../runtime/core/log.ts';
import { LiveWorld } from '../../runtime/main/street/live-world.ts';
import { Stage } from '../../runtime/main/street/stage.ts';
import { type StreetServer, startStreetServer } from '../../simulators/street/server.ts';
import { Browser, type Page } from '../fixtures/browser.ts';
import { peer, programPath } from '../peers/available.ts';

// Six real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

const root = join(import.meta.dirname, '../..');
const patience = { timeout: 60_000, interval: 100 };

describe.skipIf(!peer('chromium'))('the page of the running street', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stile-live-page-'));
  let stage: Stage;
  let world: LiveWorld;
  let server: StreetServer;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const webFolder = join(folder, 'web');
    const vite = join(root, 'node_modules/vite/bin/vite.js');
    const built = spawnSync(process.execPath, [vite, 'build', '--outDir', webFolder, '--logLevel', 'warn'], {
      cwd: root,
    });
    expect(built.status, String(built.stderr)).toBe(0);
    stage = await Stage.open({ folder, line: 'auto' });
    world = new LiveWorld(stage, 'presentation');
    await stage.start();
    world.start();
    const { clock } = stage;
    server = await startStreetServer({
      world,
      port: 0,
      webFolder,
      clock,
      entropy: systemEntropy,
      logger: silentLogger,
    });
    browser = Browser.start(programPath('chromium') ?? '');
    page = await browser.open(server.url, { width: 1280, height: 800 });
    await page.until(`document.querySelector('.phone:enabled')`);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    world?.stop();
    await stage?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const sees = (expression: string) => expect.poll(() => page.read(expression), patience);
  const wing = (lane: string): string => `document.querySelector('[data-machine=${lane}] .lane-picture').dataset.wing`;
  const says = (machine: string): string => `document.querySelector('[data-machine=${machine}] .says').innerText`;
  const press = (machine: string, label: string): Promise<unknown> =>
    page.read(
      `[...document.querySelectorAll('[data-machine=${machine}] button')].find((one) => one.innerText === '${label}').click()`,
    );

  /** A code that nobody has seen before, in the phone's hand. */
  async function hold(label: string): Promise<void> {
    await page.read(
      `[...document.querySelectorAll('.choice')].find((one) => one.innerText === '${label}').querySelector('input').click()`,
    );
    await page.until(`document.querySelector('.phone-top').innerText.startsWith('${label}')`);
    const before = await page.read<string>(`document.querySelector('.phone .code path').getAttribute('d')`);
    await page.click('.buy');
    await sees(`document.querySelector('.phone .code path').getAttribute('d')`).not.toBe(before);
  }

  /** Rows of one machine in a list of the page, newest first, in words. */
  const rows = (list: string, machine: string): string =>
    `[...document.querySelectorAll('.rows[aria-label="${list}"] .row[data-machine=${machine}] .row-main')].map((one) => one.innerText.replaceAll('\\n', ' ')).join(', ')`;

  it('a ticket opens the wings, somebody passes, and the ledger has the passage', async () => {
    await hold('Ticket now');
    expect(await page.read(wing('lane-1'))).toBe('0.00');
    await page.click('[data-reader=lane-1]');
    await sees(wing('lane-1')).toBe('1.00');
    await press('lane-1', 'Pass');
    await sees(wing('lane-1')).toBe('0.00');
    await sees(rows('Head-end ledger', 'lane-1')).toContain('Admission: outcome passed');
  });

  it('a loan code opens a door, the guide is taken, and the journal says so', async () => {
    await hold('Loan code');
    await page.click('[data-reader=cabinet-1]');
    const door = `document.querySelector('[data-machine=cabinet-1] [data-door=open]')`;
    await sees(`${door}?.dataset.item ?? ''`).toMatch(/^A-\d+$/);
    await sees(`document.querySelector('[data-machine=cabinet-1] .prompt').innerText`).toContain('Take the guide');
    const item = await page.read<string>(`${door}.dataset.item`);
    await page.read(`${door}.querySelector('button').click()`);
    await sees(`document.querySelectorAll('[data-machine=cabinet-1] [data-door=open]').length`).toBe(0);
    expect(await page.text('.carried')).toBe(`carried: ${item}`);
    await sees(rows('Journals', 'cabinet-1')).toContain('outcome taken');
  });

  it('with the line of a board mute the wing stays where it is, and the terminal reports its fault', async () => {
    await hold('Ticket now');
    await press('lane-2', 'Board');
    await sees(`document.querySelectorAll('[data-machine=lane-2] .fault-broken').length`).toBe(1);
    const moved: string[] = [];
    stage.museum.lanes[1].barrier.changed.on(({ phase }) => void moved.push(phase));
    await page.click('[data-reader=lane-2]');
    await sees(says('lane-2')).toContain('calls staff: fault');
    expect(await page.read(wing('lane-2'))).toBe('0.00');
    expect(moved).toEqual([]);
    await sees(rows('Journals', 'lane-2')).toContain('Device fault');
    const heard = stage.museum.lanes[1].line('gate').data.next();
    await press('lane-2', 'Board');
    await heard;
    expect(
      moved.filter((phase) => phase !== 'locked'),
      'what a mute board was told is lost',
    ).toEqual([]);
  });

  it('complains of nothing', () => {
    expect(page.complaints).toEqual([]);
  });
});
