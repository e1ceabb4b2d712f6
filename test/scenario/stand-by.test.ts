// A terminal whose storage cannot be used: red and out of service instead of a process that is gone, and in
// service again by itself once the storage can be used.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BusRig } from '../fixtures/bus-rig.ts';

let bus: BusRig;
beforeEach(async () => {
  bus = await BusRig.open();
});
afterEach(() => bus.close());

describe('a terminal that cannot open its journal', () => {
  it('shows red, never green, names fault and remedy, and serves when the storage is back', async () => {
    const dataFolder = dirname(bus.journalFile);
    rmSync(dataFolder, { recursive: true, force: true });
    writeFileSync(dataFolder, 'no folder');
    const told: string[] = [];
    bus.terminal.messages.on(({ kind, code }) => told.push(`${kind} ${code ?? ''}`));
    await bus.startHeadEnd();
    const started = bus.terminal.start();
    await bus.until('the red lamp', () => bus.board.pin(5).level === 1);
    expect(told).toContain('out-of-service JOURNAL_UNAVAILABLE');
    expect(await bus.log()).toContain('remedy');

    rmSync(dataFolder);
    mkdirSync(dataFolder, { mode: 0o700 });
    await started;
    await bus.until('an open trip', async () => (await bus.rows()).some((row) => row.payload.act === 'trip'));
    await bus.until('the deny list', async () => (await bus.rows()).some((row) => row.payload.act === 'deny'));
    await bus.until('the lamp is dark', () => bus.board.pin(5).level === 0);
    expect(bus.greens).toBe(0);
    await bus.until('a ride', async () => (await bus.show(bus.wallet().freshCode(bus.now()))).reason === 'OK');
  }, 90_000);
});
