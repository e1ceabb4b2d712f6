// What a driver may rely on in a line, over every kind of line this machine has: exact bytes, clear faults, and an end to
// every wait.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Line, lineLimits, openLine } from '../../devices/serial/line.ts';
import type { StileError } from '../../runtime/core/errors.ts';
import type { DeviceEnd } from '../../simulators/line/device-end.ts';
import type { LineKind } from '../../simulators/line/line.ts';
import { peer } from '../peers/available.ts';
import { pause, Rig, until } from './rig.ts';

describe.skipIf(!peer('pty'))('a line on a pseudo terminal', () => contract('pty'));
describe('a line on a socket', () => contract('socket'));

let rig: Rig;
afterEach(() => rig.end());

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

async function connect(end: DeviceEnd, writeTimeoutMs = 1_000) {
  const line = await openLine({ path: end.path, baudRate: 115_200, writeTimeoutMs }, rig.clock);
  rig.ending(() => line.close());
  const heard: number[] = [];
  const lost: StileError[] = [];
  line.listen({ data: (bytes) => heard.push(...bytes), lost: (fault) => lost.push(fault) });
  return { line, heard, lost };
}

function contract(kind: LineKind): void {
  beforeEach(() => {
    rig = new Rig(kind);
  });

  it('carries every byte value unchanged both ways', async () => {
    const end = await rig.line();
    const arrived: number[] = [];
    end.data.on((bytes) => arrived.push(...bytes));
    const { line, heard } = await connect(end);
    end.write(everyByte);
    expect(line.write(everyByte)).toBe(true);
    await until(() => heard.length === 256 && arrived.length === 256);
    expect(heard).toEqual([...everyByte]);
    expect(arrived).toEqual([...everyByte]);
  });

  it('hands over what came between the opening and the listener', async () => {
    const end = await rig.line();
    const line = await openLine({ path: end.path, baudRate: 115_200 }, rig.clock);
    rig.ending(() => line.close());
    end.write(everyByte);
    await pause(50);
    const heard: number[] = [];
    line.listen({ data: (bytes) => heard.push(...bytes), lost: () => {} });
    await until(() => heard.length === 256);
    expect(heard).toEqual([...everyByte]);
  });

  it('keeps the copy it was given', async () => {
    const end = await rig.line();
    const arrived: number[] = [];
    end.data.on((bytes) => arrived.push(...bytes));
    const { line } = await connect(end);
    const bytes = Uint8Array.of(1, 2, 3);
    line.write(bytes);
    bytes.fill(9);
    await until(() => arrived.length === 3);
    expect(arrived).toEqual([1, 2, 3]);
  });

  it('reports an unplugged device once and closes', async () => {
    const end = await rig.line();
    const { line, lost } = await connect(end);
    await end.unplug();
    await until(() => lost.length === 1);
    expect(lost[0]).toMatchObject({ code: 'DEVICE_LOST', message: expect.stringContaining(end.path) });
    expect(line.write(everyByte)).toBe(false);
    await line.drain();
    await line.close();
    expect(lost).toHaveLength(1);
  });

  it('notices an unplug in the very moment of opening, every time', async () => {
    // A read is then under way that ends with zero bytes; one in four went unnoticed without a watch on the hang-up.
    const end = await rig.line();
    for (let round = 0; round < 40; round++) {
      const { line, lost } = await connect(end);
      await end.unplug();
      await until(() => lost.length === 1);
      await line.close();
      await end.replug();
    }
    expect(end.plugged).toBe(true);
  });

  it('says absent when nothing is at the path, also behind a stale link', async () => {
    const end = await rig.line();
    await end.unplug({ staleLink: true });
    await expect(openLine({ path: end.path, baudRate: 115_200 }, rig.clock)).rejects.toMatchObject({
      code: 'DEVICE_ABSENT',
      message: expect.stringContaining(end.path),
      remedy: expect.stringMatching(/Plug the device in/),
    });
  });

  it('opens at the same path after a replug', async () => {
    const end = await rig.line();
    const path = end.path;
    for (let round = 0; round < 3; round++) {
      const { line, heard } = await connect(end);
      end.write(Uint8Array.of(round));
      await until(() => heard.length === 1);
      await line.close();
      await end.unplug();
      await end.replug();
      expect(end.path).toBe(path);
    }
  });

  it('gives up on a device that takes no bytes, and close returns', async () => {
    const end = await rig.line();
    const { line, lost } = await connect(end, 150);
    const hang = end.faults.add({ kind: 'hang' });
    const block = new Uint8Array(32_768);
    while (lost.length === 0) {
      line.write(block);
      await pause(1);
    }
    expect(lost[0]?.message).toMatch(/bytes were not taken within 150 ms/);
    await line.close();
    expect(hang.fired).toBe(1);
  });

  it('refuses bytes beyond its bound instead of keeping them', async () => {
    const end = await rig.line();
    const { line } = await connect(end);
    expect(line.write(new Uint8Array(lineLimits.pendingWriteBytes + 1))).toBe(false);
    expect(line.write(Uint8Array.of(1))).toBe(true);
  });

  it('frees the path when closed', async () => {
    const end = await rig.line();
    const first = await connect(end);
    await first.line.close();
    const second = await openAgain(end.path);
    await second.close();
    expect(first.lost).toEqual([]);
    expect(rig.clock.pending()).toEqual([]);
  });
}

/** A serial server needs a moment to see that its host went. */
async function openAgain(path: string): Promise<Line> {
  for (;;) {
    try {
      return await openLine({ path, baudRate: 115_200 }, rig.clock);
    } catch (error) {
      if ((error as StileError).code !== 'DEVICE_BUSY') throw error;
    }
  }
}

describe('a path that is no line', () => {
  beforeEach(() => {
    rig = new Rig('socket');
  });

  const open = (path: string) => openLine({ path, baudRate: 115_200 }, rig.clock);

  it('says so for a regular file', async () => {
    const path = join(rig.folder, 'file');
    writeFileSync(path, '');
    await expect(open(path)).rejects.toMatchObject({ code: 'DEVICE_UNSUPPORTED' });
  });

  it.each(['tcp://host', 'tcp://:1', 'tcp://host:0', 'tcp://host:65536', 'tcp:host:1', 'unix:relative'])(
    'calls %s a wrong configuration',
    async (path) => {
      await expect(open(path)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(path),
      });
    },
  );

  it('says absent for a unix socket that is not there', async () => {
    await expect(open(`unix:${join(rig.folder, 'none')}`)).rejects.toMatchObject({ code: 'DEVICE_ABSENT' });
  });
});

describe('a unix socket', () => {
  beforeEach(() => {
    rig = new Rig('socket');
  });

  it('carries bytes as a line does', async () => {
    const path = join(rig.folder, 'line.sock');
    const server = createServer((socket) => socket.pipe(socket)).listen(path);
    await once(server, 'listening');
    const line = await openLine({ path: `unix:${path}`, baudRate: 115_200 }, rig.clock);
    const heard: number[] = [];
    line.listen({ data: (bytes) => heard.push(...bytes), lost: () => {} });
    line.write(everyByte);
    await until(() => heard.length === 256);
    expect(heard).toEqual([...everyByte]);
    await line.close();
    server.close();
  });
});
