// A line of memory: bytes in order, never inside the sender's own call, one host at a time, silence when its power goes.
import { describe, expect, it } from 'vitest';
import { concat } from '../../../runtime/core/bytes.ts';
import { MemoryWire } from '../../../simulators/line/memory-wire.ts';

const plugged = async (): Promise<{ wire: MemoryWire; heard: Uint8Array[] }> => {
  const wire = new MemoryWire('memory:test');
  const heard: Uint8Array[] = [];
  await wire.plug((bytes) => void heard.push(bytes));
  return { wire, heard };
};

describe('a line of memory', () => {
  it('hands bytes over in order, after the turn that wrote them', async () => {
    const { wire, heard } = await plugged();
    const host = wire.open();
    host.write(Uint8Array.of(1, 2));
    host.write(Uint8Array.of(3));
    expect(heard).toEqual([]);
    await null;
    await null;
    expect(concat(...heard)).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('keeps what came before somebody listened', async () => {
    const { wire } = await plugged();
    const host = wire.open();
    wire.send(Uint8Array.of(7));
    await null;
    const data: Uint8Array[] = [];
    host.listen({ data: (bytes) => void data.push(bytes), lost: () => {} });
    expect(data).toEqual([Uint8Array.of(7)]);
  });

  it('has one host, and none while nothing is plugged in', async () => {
    const { wire } = await plugged();
    wire.open();
    expect(() => wire.open()).toThrow('open already');
    await wire.unplug();
    expect(() => wire.open()).toThrow('nothing is plugged in');
  });

  it('tells the host that it was unplugged, and nothing to one whose power has gone', async () => {
    const told: string[] = [];
    for (const dies of [false, true]) {
      const { wire } = await plugged();
      const host = wire.open();
      host.listen({ data: () => {}, lost: ({ code }) => void told.push(code) });
      if (dies) wire.hostDied();
      await wire.unplug();
      expect(host.write(Uint8Array.of(1))).toBe(false);
    }
    expect(told).toEqual(['DEVICE_LOST']);
  });
});
