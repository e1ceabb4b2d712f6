// What a technician reads with at a command line: the journal, a reference, a message off the wire. On the
// files and messages of a real terminal process.

import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BusRig } from '../../fixtures/bus-rig.ts';
import { jsonLines, stile } from '../../fixtures/stile-command.ts';

let bus: BusRig;
beforeEach(async () => {
  bus = await BusRig.open();
});
afterEach(() => bus.close());

describe('at the command line of a running bus', () => {
  it('a reference shown to a person leads to its row, offline and at the head end', async () => {
    await bus.startServing();
    expect((await bus.show(bus.wallet().freshCode(bus.now()))).reason).toBe('OK');
    const refused = await bus.show('SP1:NOT A CODE');
    const journal = bus.journalFile;
    const ref = refused.ref ?? '';
    expect(ref).toMatch(/^[0-9A-HJKMNP-TV-Z]{6}$/);

    const offline = await stile(['ref', ref.toLowerCase(), '--journal', journal, '--json']);
    expect(offline.code).toBe(0);
    expect(jsonLines(offline.out)).toMatchObject([{ ref, reason: 'MALFORMED', terminal: 'bus-1' }]);

    const ledger = join(bus.folder, 'headend.db');
    await bus.until('the row at the head end', async () => (await stile(['ref', ref, '--headend', ledger])).code === 0);
    expect(jsonLines((await stile(['ref', ref, '--headend', ledger, '--json'])).out)).toMatchObject([
      { ref, reason: 'MALFORMED', terminal: 'bus-1' },
    ]);

    const verified = await stile(['journal', 'verify', journal, '--json']);
    expect(jsonLines(verified.out)).toMatchObject([{ whole: true }]);
    const listed = await stile(['journal', 'ls', journal]);
    expect(listed.out).toContain(' OK ');
    for (const line of listed.out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  }, 60_000);

  it.each([
    { args: ['ref', 'TOOLONG'], code: 2, names: ['USAGE', 'TOOLONG'] },
    { args: ['ref', 'ABCDEF', '--journal', '/does/not/exist'], code: 1, names: ['FILE_UNREADABLE'] },
    { args: ['journal', 'ls', '/does/not/exist'], code: 1, names: ['FILE_UNREADABLE', 'remedy'] },
    { args: ['wire', 'decode', 'other/topic', '--hex', 'a0'], code: 1, names: ['MESSAGE_MALFORMED', 'other/topic'] },
    { args: ['wire', 'decode', 'stile/1/demo/t/bus-1/state', '--hex', 'abc'], code: 2, names: ['USAGE', '--hex'] },
  ])('$args is a clear error', async ({ args, code, names }) => {
    const answer = await stile(args);
    expect(answer.code).toBe(code);
    for (const name of names) expect(answer.err).toContain(name);
    expect(answer.err).not.toContain('    at ');
  });

  it('a message is printed as JSON', async () => {
    const state = Buffer.from('a3626174186462626401666f6e6c696e65f5', 'hex');
    const answer = await stile(['wire', 'decode', 'stile/1/demo/t/bus-1/state'], state);
    expect(answer).toMatchObject({ code: 0 });
    expect(jsonLines(answer.out)).toMatchObject([{ message: { at: 100, bd: 1, online: true } }]);
  });
});
