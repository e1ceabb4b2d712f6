// The guard between a line and firmata-io's parser: what that parser throws on or would keep for ever ends here.
import bindTransport from 'firmata-io';
import { describe, expect, it } from 'vitest';
import { LineTransport } from '../../../devices/board/transport.ts';
import type { Line } from '../../../devices/serial/line.ts';
import { fromHex } from '../../../runtime/core/bytes.ts';

function guarded(takes = true) {
  const written: string[] = [];
  const refusals: number[] = [];
  const line: Line = {
    path: 'test',
    listen: () => {},
    write: (bytes) => takes && written.push(Buffer.from(bytes).toString('hex')) > 0,
    drain: async () => {},
    close: async () => {},
  };
  const transport = new LineTransport(line, () => refusals.push(1));
  const io = new bindTransport.Firmata(transport, { reportVersionTimeout: 1_000 });
  clearTimeout(io.reportVersionTimeoutId);
  transport.receive(fromHex('f90206'), io);
  return { transport, io, written, refusals };
}

describe('what comes from the board', () => {
  it('a state of a pin that does not exist is dropped and counted', () => {
    const { transport, io } = guarded();
    transport.receive(fromHex('f06e7f0100f7'), io);
    expect(transport.malformed).toBe(1);
    let versions = 0;
    io.on('reportversion', () => versions++);
    transport.receive(fromHex('f90206'), io);
    expect(versions).toBe(1);
  });

  it('a message without an end is kept to a bound', () => {
    const { transport, io } = guarded();
    transport.receive(fromHex('f071'), io);
    for (let chunk = 0; chunk < 100; chunk++) transport.receive(new Uint8Array(1_000).fill(0x41), io);
    expect(io.buffer.length).toBeLessThanOrEqual(4_096);
    expect(transport.malformed).toBeGreaterThan(0);
  });
});

describe('what goes to the board', () => {
  it('passes in order, and a line that refuses is reported', () => {
    const open = guarded();
    open.transport.write(Buffer.from([1]), () => {});
    open.transport.write(Buffer.from([2]), () => {});
    expect(open.written).toEqual(['01', '02']);
    expect(open.refusals).toEqual([]);
    const full = guarded(false);
    full.transport.write(Buffer.from([1]), () => {});
    expect(full.refusals).toEqual([1]);
  });

  it('nothing passes once it is shut, and every write still ends', () => {
    const { transport, written, refusals } = guarded();
    transport.shut();
    let ended = 0;
    transport.write(Buffer.from([1]), () => ended++);
    expect([written, refusals, ended]).toEqual([[], [], 1]);
  });
});
