// The order in which a real terminal process asks the kernel: journal WAL written, WAL synced, and only then
// the first byte of the green cue on the board's line, for every one of a thousand accepted codes.
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { SystemClock, sleep } from '../../runtime/core/clock.ts';
import { AttachedTrace } from '../fixtures/attached-trace.ts';
import { BusRig } from '../fixtures/bus-rig.ts';
import { type TracedCall, tracedCalls } from '../fixtures/traced-calls.ts';
import { peer } from './available.ts';

const scans = 1_000;
/**
 * Firmata digital message of port 0 with bit 4: the green lamp, with which only an accept begins. Bytes from 0x80 up
 * only begin messages, so it is found also behind another message in the same write.
 */
const greenOn = /\\x90\\x[1357bdf9][0-9a-f]/g;

let bus: BusRig;
afterEach(() => bus.close());

interface Story {
  /** Codes read to their end from the reader's line. */
  readonly codes: number;
  /** Accept cues on the board's line. */
  readonly cues: number;
  /** Cues before which the newest code's row was not yet written and synced. */
  readonly early: number;
  readonly syncs: number;
}

/** `early-green` is the sabotage that must be found. */
async function tell(count: number, fault: readonly string[], pauseMs: number): Promise<Story> {
  await bus.startServing(fault);
  // Without the head end nothing but rides and checkpoints is committed.
  await bus.stopHeadEnd();
  const [scanner, board, wal] = [bus.linePaths.scanner, bus.linePaths.board, `${bus.journalFile}-wal`].map((path) =>
    realpathSync(path),
  ) as [string, string, string];
  const trace = await AttachedTrace.attach({
    pid: bus.terminal.pid ?? 0,
    file: join(bus.folder, 'trace'),
    expressions: ['trace=pwrite64,fsync,fdatasync,write,writev,read'],
    paths: [scanner, board, wal],
  });
  for (let scan = 0; scan < count; scan++) {
    const answer = bus.terminal.messages.next(({ kind }) => kind === 'shown');
    await bus.scanner.show(bus.wallet().freshCode(bus.now()));
    expect(await answer).toMatchObject({ cue: 'accepted' });
    if (pauseMs > 0) await sleep(new SystemClock(), 'pause', pauseMs);
  }
  // The answer is told when the cue is handed to the line; its bytes follow from another thread.
  await sleep(new SystemClock(), 'last cue', 500);
  const calls = tracedCalls(await trace.detach()).filter(({ succeeded }) => succeeded);
  return judge(calls, { scanner, board, wal });
}

function judge(calls: readonly TracedCall[], paths: { scanner: string; board: string; wal: string }): Story {
  const on = (name: string, path: string) => calls.filter((call) => call.name === name && call.path === path);
  const codeEnds = on('read', paths.scanner).filter(({ data }) => data.endsWith('\\r') || data.endsWith('\\x0d'));
  const [writes, syncs] = [on('pwrite64', paths.wal), on('fsync', paths.wal)];
  // Without a pause two cues may leave in one call, which then stands for both.
  const cues = [...on('write', paths.board), ...on('writev', paths.board)].flatMap((call) =>
    Array.from(call.data.matchAll(greenOn), () => call),
  );
  cues.sort((one, other) => one.begun - other.begun);
  const within = (of: readonly TracedCall[], from: number, to: number) =>
    of.filter(({ begun, ended }) => begun > from && ended < to);
  const durable = (from: number, to: number): boolean =>
    within(syncs, from, to).some((sync) => within(writes, from, sync.begun).length > 0);
  // By number, not by time: the next code may be read before another thread hands out the bytes of this cue.
  const early = cues.filter((cue, at) => {
    const code = codeEnds[at];
    return !code || !durable(code.ended, cue.begun);
  });
  return { codes: codeEnds.length, cues: cues.length, early: early.length, syncs: syncs.length };
}

describe.skipIf(!peer('strace') || !peer('root') || !peer('pty'))('strace of a terminal process', () => {
  it(`${scans} accepted codes: WAL write, its fsync, then green`, async () => {
    bus = await BusRig.open({ kind: 'pty', scannerBaudRate: null });
    const { codes, cues, early, syncs } = await tell(scans, [], 0);
    expect([codes, cues]).toEqual([scans, scans]);
    expect(early).toBe(0);
    expect(syncs).toBeGreaterThanOrEqual(scans);
    expect(await bus.rides()).toHaveLength(scans);
  }, 120_000);

  it('finds the cue that comes before its commit', async () => {
    bus = await BusRig.open({ kind: 'pty', scannerBaudRate: null });
    // The sabotaged commit is held back for less than the pause, which keeps it out of the next code's story.
    const { codes, cues, early } = await tell(10, ['--fault', 'early-green'], 200);
    expect([codes, cues]).toEqual([10, 10]);
    expect(early).toBe(10);
  }, 60_000);
});
