// Gate and cabinets on the street page, in a real browser: drawn from their device ends, used by pointer and keyboard. The
// museum behind it is a fixture, so that every state can be shown.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StreetServer } from '../../simulators/street/server.ts';
import { Browser, type Page } from '../fixtures/browser.ts';
import { quietCabinet, quietLane } from '../fixtures/street-museum.ts';
import { startStreet } from '../fixtures/street-server.ts';
import { FixtureStreet } from '../fixtures/street-world.ts';
import { peer, programPath } from '../peers/available.ts';

const root = join(import.meta.dirname, '../..');
const desk = { width: 1280, height: 800 };
const pocket = { width: 390, height: 844 };

describe.skipIf(!peer('chromium'))('the museum on the street page', () => {
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

  async function visit(size = desk) {
    const world = new FixtureStreet();
    const { server } = await startStreet({ world, webFolder });
    servers.push(server);
    const page = await browser.open(server.url, size);
    await page.until(`document.querySelector('.phone:enabled')`);
    const { museum } = world;
    if (!museum) throw new Error('the fixture has a museum');
    return { page, museum, world };
  }

  it('draws the wings where the barrier has them, whatever the terminal says', async () => {
    const { page, museum } = await visit();
    const { barrier } = quietLane('lane-1', 'relay');
    const wing = `document.querySelector('[data-machine=lane-1] .wing').style.transform`;
    const shut = await page.read(wing);
    museum.lane('lane-1', { answer: { cue: 'accepted', reason: 'OK', ref: 'K7Q001' } });
    await page.until(`document.querySelector('[data-machine=lane-1] .says').innerText.includes('accepted (K7Q001)')`);
    expect(await page.read(wing)).toBe(shut);
    museum.lane('lane-1', { barrier: { ...barrier, phase: 'released', wings: { left: 0.5, right: 0.5 } } });
    await page.until(`${lanePicture('lane-1')}.dataset.wing === '0.50'`);
    expect(await page.read(wing)).not.toBe(shut);
    expect(await page.read(`${lanePicture('lane-1')}.dataset.phase`)).toBe('released');
    expect(await page.read(`${lanePicture('lane-2')}.dataset.wing`)).toBe('0.00');
  });

  it('draws the people who are in the passage, the door that is open, and what stands behind it', async () => {
    const { page, museum } = await visit();
    museum.lane('lane-2', { people: [{ id: 1, direction: 'entry', position: 0.5 }] });
    await page.until(`${lanePicture('lane-2')}.querySelectorAll('.person').length === 1`);
    const [one, other] = [quietCabinet('cabinet-1', 'A', 10), quietCabinet('cabinet-2', 'B', 4)];
    const slots = one.slots.map((slot) => (slot.slot === 3 ? { ...slot, locked: false, doorOpen: true } : slot));
    museum.become({ cabinets: [{ ...one, slots, jammed: [5] }, other] });
    const door = `document.querySelector('[data-machine=cabinet-1] [data-door=open]')`;
    await page.until(door);
    expect(await page.read(`[${door}.dataset.slot, ${door}.dataset.item]`)).toEqual(['3', 'A-3']);
    await page.read(`${door}.querySelector('button').click()`);
    await expect.poll(() => museum.acts).toEqual([{ kind: 'take', cabinet: 'cabinet-1', slot: 3 }]);
    await page.read(`document.querySelector('[data-machine=cabinet-1] .slot-jammed').click()`);
    await expect.poll(() => museum.acts.at(-1)).toEqual({ kind: 'jam', cabinet: 'cabinet-1', slot: 5, on: false });
  });

  it('the phone shows what was chosen to any reader, by keyboard too, and its camera scans a cabinet', async () => {
    const { page, museum, world } = await visit();
    await choose(page, 'Group of 3');
    await page.read(`document.querySelector('[data-reader=lane-2]').focus()`);
    await page.key('Enter');
    const group = museum.snapshot().offers.find(({ kind }) => kind === 'group');
    await expect.poll(() => museum.presented).toEqual([{ code: group?.code, terminal: 'lane-2' }]);
    await page.click('[data-reader=BUS-1]');
    await expect.poll(() => world.presented).toEqual([group?.code]);
    await choose(page, 'Camera');
    await page.click('[data-reader=lane-1]');
    await page.until(`document.querySelector('.answer-bad')?.innerText.includes('there is none here')`);
    await page.click('[data-reader=cabinet-2]');
    await expect.poll(() => museum.acts).toEqual([{ kind: 'borrow', cabinet: 'cabinet-2', by: 'phone' }]);
  });

  it('every other button of a lane and a cabinet asks for its act', async () => {
    const { page, museum } = await visit();
    for (const machine of ['lane-1', 'cabinet-2']) {
      await page.read(
        `document.querySelectorAll('[data-machine=${machine}] :is(.dos, .faults) button').forEach((one) => one.click())`,
      );
    }
    await page.click('.fire');
    await expect.poll(() => museum.acts.length).toBe(17);
    // They travel side by side: in which order they arrive is not the page's to say.
    expect(inOrder(museum.acts)).toEqual(
      inOrder([
        ...['walk', 'turnBack', 'tailgate', 'stand', 'push', 'leave'].map((does) => ({
          kind: 'person',
          lane: 'lane-1',
          does,
        })),
        ...troublesOf('lane-1'),
        { kind: 'pressReturn', cabinet: 'cabinet-2' },
        { kind: 'borrow', cabinet: 'cabinet-2', by: 'phone' },
        ...troublesOf('cabinet-2'),
        { kind: 'fire', on: true },
      ]),
    );
  });

  it('what is broken is pressed, said, and offers its mending', async () => {
    const { page, museum } = await visit();
    museum.lane('lane-1', { process: 'dead', network: 'cut', boardLine: 'mute', alarm: 'fault' });
    await page.until(`document.querySelectorAll('[data-machine=lane-1] .fault-broken').length === 3`);
    expect(await page.text('[data-machine=lane-1] .says')).toBe('Terminal is dead');
    expect(await page.text('[data-machine=lane-1] .small-sign')).toBe('Dark');
    await page.read(`document.querySelectorAll('[data-machine=lane-1] .fault-broken').forEach((one) => one.click())`);
    await expect
      .poll(() => inOrder(museum.acts))
      .toEqual(
        inOrder([
          { kind: 'restart', terminal: 'lane-1' },
          { kind: 'network', terminal: 'lane-1', cut: false },
          { kind: 'mute', terminal: 'lane-1', on: false },
        ]),
      );
  });

  it('is as usable on a narrow screen: nothing wider, no target under 48 px, and a way to each part', async () => {
    const { page } = await visit(pocket);
    expect(await page.read('document.documentElement.scrollWidth')).toBe(pocket.width);
    const smallest =
      await page.read<number>(`Math.min(...[...document.querySelectorAll('button, select, .choice, .ways a')]
      .map((one) => Math.min(one.offsetWidth, one.offsetHeight)))`);
    expect(smallest).toBeGreaterThanOrEqual(48);
    await page.read(`document.querySelector('.ways a[href="#cabinets"]').click()`);
    await page.until(`Math.abs(document.querySelector('#cabinets').getBoundingClientRect().top - 60) < 2`);
  });

  it('no area of a desk screen lies over another', async () => {
    const { page } = await visit();
    const overlaps = await page.read<readonly string[]>(`(() => {
      const areas = [...document.querySelectorAll('.wallet, .area-bus, .area-gate, .area-cabinets')];
      const widest = (area) => Math.max(...[area, ...area.querySelectorAll('*')].map((one) => one.getBoundingClientRect().right));
      const lefts = areas.map((area) => area.getBoundingClientRect().left);
      return areas.filter((area, index) => lefts.some((left, other) => left > lefts[index] && widest(area) > left + 1))
        .map(({ className }) => className);
    })()`);
    expect(overlaps).toEqual([]);
    expect(await page.read(`document.querySelectorAll('.wallet, .area-bus, .area-gate, .area-cabinets').length`)).toBe(
      4,
    );
  });

  it('moves at once where motion is not wanted', async () => {
    const { page } = await visit();
    const motion = `getComputedStyle(document.querySelector('.wing')).transitionDuration`;
    expect(await page.read(motion)).not.toBe('0s');
    await page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-reduced-motion', value: 'reduce' }] });
    await page.until(`${motion} === '0s'`);
    expect(await page.read(`getComputedStyle(document.querySelector('.slot-door')).transitionDuration`)).toBe('0s');
  });
});

const inOrder = (acts: readonly object[]): readonly string[] => acts.map((act) => JSON.stringify(act)).sort();

const lanePicture = (lane: string): string => `document.querySelector('[data-machine=${lane}] .lane-picture')`;

const choose = (page: Page, label: string): Promise<unknown> =>
  page.read(
    `[...document.querySelectorAll('.choice')].find((one) => one.innerText === '${label}').querySelector('input').click()`,
  );

const troublesOf = (terminal: string): readonly object[] => [
  { kind: 'kill', terminal },
  { kind: 'network', terminal, cut: true },
  { kind: 'reader', terminal, plugged: false },
  { kind: 'mute', terminal, on: true },
];
