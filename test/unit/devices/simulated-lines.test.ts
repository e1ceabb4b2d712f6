// How a simulated line is made on different systems: with perl, with python3 alone, and with neither.
import { existsSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemClock } from '../../../runtime/core/clock.ts';
import { createLine } from '../../../simulators/line/line.ts';
import { peer, programPath } from '../../peers/available.ts';

const clock = new SystemClock();
const path = process.env['PATH'];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stile-line-'));
});
afterEach(() => {
  process.env['PATH'] = path;
  rmSync(folder, { recursive: true, force: true });
});

/** From now on only these programs exist. */
function onlyPrograms(...names: readonly string[]): void {
  for (const name of names) {
    // A wrapper, because an interpreter may itself need the rest of the path.
    const wrapper = `#!/bin/sh\nPATH='${path}' exec '${programPath(name)}' "$@"\n`;
    writeFileSync(join(folder, name), wrapper, { mode: 0o755 });
  }
  process.env['PATH'] = folder;
}

describe.skipIf(!peer('pty') || !peer('perl') || !peer('python3'))('a pseudo terminal', () => {
  it('is published as a link, gone when unplugged, left behind when asked', async () => {
    const line = await createLine({ kind: 'pty', folder, name: 'ttyTEST', clock });
    expect(line.path).toBe(join(folder, 'ttyTEST'));
    expect(readlinkSync(line.path)).toMatch(/^\/dev\/pts\/\d+$/);
    await line.unplug();
    expect(() => readlinkSync(line.path)).toThrow();
    await line.replug();
    await line.unplug({ staleLink: true });
    expect(readlinkSync(line.path)).toMatch(/^\/dev\/pts\//);
    expect(existsSync(line.path)).toBe(false);
    await line.replug();
    expect(existsSync(line.path)).toBe(true);
    await line.close();
  });

  it('is raw from the start: what a device says before a host comes is neither echoed nor changed', async () => {
    const line = await createLine({ kind: 'pty', folder, name: 'ttyRAW', clock });
    const echoed: number[] = [];
    line.data.on((bytes) => echoed.push(...bytes));
    line.write(Buffer.from('code\r'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(echoed).toEqual([]);
    await line.close();
  });

  it('does not block or grow when nobody reads: what waited too long is lost and counted', async () => {
    const line = await createLine({ kind: 'pty', folder, name: 'ttyFULL', clock });
    line.write(new Uint8Array(100_000));
    while (line.lostBytes === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(line.lostBytes).toBeGreaterThan(50_000);
    expect(clock.pending()).toEqual([]);
    await line.close();
  });

  it('is unlocked by perl alone, and by python3 alone', async () => {
    for (const language of ['perl', 'python3']) {
      rmSync(join(folder, 'stty'), { force: true });
      rmSync(join(folder, 'perl'), { force: true });
      process.env['PATH'] = path;
      onlyPrograms(language, 'stty');
      const line = await createLine({ kind: 'pty', folder, name: 'ttyONE', clock });
      expect(line.kind).toBe('pty');
      await line.close();
    }
  });

  it('is refused by name where neither is present, and auto takes a socket', async () => {
    onlyPrograms('stty');
    const refused = createLine({ kind: 'pty', folder, name: 'ttyNONE', clock });
    await expect(refused).rejects.toMatchObject({ code: 'LINE_UNAVAILABLE', remedy: expect.stringMatching(/perl/) });
    const line = await createLine({ kind: 'auto', folder, name: 'ttyNONE', clock });
    expect(line.path).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    await line.close();
  });
});

describe('a socket line', () => {
  it('keeps its port through unplug and replug', async () => {
    const line = await createLine({ kind: 'socket', folder, name: 'any', clock });
    const before = line.path;
    await line.unplug();
    expect(line.plugged).toBe(false);
    await line.replug();
    expect(line.path).toBe(before);
    await line.close();
  });
});
