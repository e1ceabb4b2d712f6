// Acceptance cases of the bus validator through real processes: real serial stack, real journal, real
// broker, and a terminal that can be killed.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { validatorDefaults } from '../../runtime/machines/validator/config.ts';
import { type Answer, BusRig } from '../fixtures/bus-rig.ts';

// Real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

let bus: BusRig;
beforeEach(async () => {
  // Two riders of an account at a stop, so that a companion is possible.
  bus = await BusRig.open({ groupMax: 2 });
});
afterEach(() => bus.close());

const accepted = { cue: 'accepted', reason: 'OK' };
const repeated = { cue: 'repeat', reason: 'REPEAT' };

describe('a commuter at a real terminal process', () => {
  it('B1: the same code twice in 3 s is one charge, the same green, and one row that says so', async () => {
    await bus.startServing();
    const code = bus.wallet().freshCode(bus.now());
    expect(await bus.show(code)).toMatchObject(accepted);
    expect(await bus.show(code)).toMatchObject(repeated);
    await bus.until('the repeat row', async () => (await bus.rows()).some((row) => row.payload.act === 'repeat'));
    const [ride] = await bus.rides();
    expect(await bus.rides()).toHaveLength(1);
    expect((await bus.rows()).find((row) => row.payload.act === 'repeat')?.payload).toMatchObject({
      repeatOf: ride?.seq,
      count: 1,
    });
    expect(bus.tones).toBe(1);
  });

  it('B3: killed after the signature holds and before the commit: no charge, no green; the next tap succeeds once', async () => {
    await bus.startServing(['--fault', 'kill-before-commit=1']);
    const code = bus.wallet().freshCode(bus.now());
    await bus.scanner.show(code);
    await bus.until('the kill', () => bus.terminal.state === 'dead');
    expect(await bus.rides()).toHaveLength(0);
    expect(bus.greens).toBe(0);
    await bus.startTerminal();
    expect(await bus.show(code)).toMatchObject(accepted);
    expect(await bus.rides()).toHaveLength(1);
  });

  it('B4: killed after the commit and before the green: one charge; the next tap is a repeat with green and tone', async () => {
    await bus.startServing(['--fault', 'kill-after-commit=1']);
    const code = bus.wallet().freshCode(bus.now());
    await bus.scanner.show(code);
    await bus.until('the kill', () => bus.terminal.state === 'dead');
    expect(await bus.rides()).toHaveLength(1);
    expect(bus.greens).toBe(0);
    await bus.startTerminal();
    expect((await bus.show(code)).reason).toBe('REPEAT');
    await bus.until('the tone', () => bus.tones === 1);
    expect(bus.greens).toBe(1);
    expect(await bus.rides()).toHaveLength(1);
  });

  it('B24: a phone left on the glass with a code that rotates is charged once; after a gap its companion rides', async () => {
    await bus.startServing();
    const wallet = bus.wallet();
    const reads = 24;
    for (let read = 0; read < reads; read++) {
      // A new code every second read: a minute of rotation in ten seconds.
      const code = read % 2 === 0 ? wallet.freshCode(bus.now()) : wallet.code(bus.now());
      const answer = await bus.show(code);
      expect(answer).toMatchObject(read === 0 ? accepted : repeated);
      await pause(400);
    }
    expect(await bus.rides()).toHaveLength(1);
    expect([bus.tones, bus.reds]).toEqual([1, 0]);
    await bus.until('the presence to end', async () => (await repeatRows()).length === 1);
    expect((await repeatRows())[0]?.payload).toMatchObject({ count: reads - 1 });

    expect(await bus.show(wallet.freshCode(bus.now()))).toMatchObject(accepted);
    await pause(3_500);
    expect(await bus.show(wallet.freshCode(bus.now()))).toMatchObject({ cue: 'refused', reason: 'GROUP_LIMIT' });
    expect(await bus.rides()).toHaveLength(2);
  });

  it('X1: a flood of bad signatures costs a bounded number of rows, and a good code still goes through', async () => {
    await bus.startServing();
    const declined = async () => (await bus.rows()).filter(({ payload }) => payload.act.startsWith('decline')).length;
    const forged = Array.from({ length: 120 }, () => broken(bus.wallet().freshCode(bus.now())));
    const fromMs = performance.now();
    for (const code of forged) await bus.scanner.show(code);
    await bus.quiet();
    const seconds = Math.ceil((performance.now() - fromMs) / 1_000);
    expect(await bus.show(bus.wallet().freshCode(bus.now()))).toMatchObject(accepted);
    const refusals = bus.answers.filter((answer) => answer.reason === 'BAD_SIGNATURE');
    const { badScansPerSecond } = validatorDefaults;
    expect(refusals.length).toBeGreaterThan(badScansPerSecond * (seconds + 1));
    expect(await declined()).toBeLessThanOrEqual(badScansPerSecond * (seconds + 1));
    await everyReferenceLeadsToARow(refusals);
    expect(refusals.filter((answer) => answer.ref !== null)).toHaveLength(await declined());
    // What was counted beyond the rate is one row a minute.
    await bus.until(
      'the row of the minute',
      async () => (await bus.rows()).some((row) => row.payload.act === 'declines'),
      70_000,
    );
    const counted = (await bus.rows()).filter((row) => row.payload.act === 'declines');
    expect(counted).toHaveLength(1);
    expect(counted[0]?.payload).toMatchObject({ reason: 'BAD_SIGNATURE' });
    expect((counted[0]?.payload.count ?? 0) + refusals.filter((answer) => answer.ref !== null).length).toBe(
      refusals.length,
    );
  });

  it('every row reaches the head end once, its evidence is good, and a reference leads to it at both ends', async () => {
    await bus.startServing();
    const answers: Answer[] = [];
    for (let ride = 0; ride < 5; ride++) answers.push(await bus.show(bus.wallet().freshCode(bus.now())));
    expect(answers.map(({ cue }) => cue)).toEqual(Array(5).fill('accepted'));
    const headEnd = bus.headEnd?.headEnd;
    if (!headEnd) throw new Error('no head end');
    await bus.until(
      '5 verdicts',
      async () => (await rideVerdicts()).length === 5 && !(await rideVerdicts()).includes(null),
    );
    expect(await rideVerdicts()).toEqual(Array(5).fill('good'));
    await everyReferenceLeadsToARow(answers);
    for (const { ref } of answers) expect(await headEnd.rowByReference(ref ?? '')).toHaveLength(1);
    // A quiet start and a quiet ride are no security event.
    expect((await bus.rows()).filter(({ type }) => type === 'SECURITY')).toEqual([]);
  });

  it('X5: a head end restored from a backup asks for what it lost, and gets it', async () => {
    await bus.startServing();
    await bus.show(bus.wallet().freshCode(bus.now()));
    await bus.until('the first ride stored', async () => (await storedRides()) === 1);
    const store = bus.headEnd?.store;
    if (!store) throw new Error('no store');
    const { copyFileSync } = await import('node:fs');
    const file = `${bus.folder}/headend.db`;
    await bus.stopHeadEnd();
    copyFileSync(file, `${file}.backup`);
    await bus.startHeadEnd();
    for (let ride = 0; ride < 4; ride++) await bus.show(bus.wallet().freshCode(bus.now()));
    await bus.until('all rides stored', async () => (await storedRides()) === 5, 60_000);
    await bus.stopHeadEnd();
    copyFileSync(`${file}.backup`, file);
    await bus.startHeadEnd();
    expect(await storedRides()).toBe(1);
    await bus.until('the lost rides again', async () => (await storedRides()) === 5, 90_000);
  });
});

describe('devices that are not there', () => {
  it('an absent reader is named with its remedy, waited for, and serves as soon as it is plugged in', async () => {
    await bus.scannerLine.unplug();
    await bus.startHeadEnd();
    await bus.terminal.start();
    await bus.until('the complaint', () => bus.log().includes('DEVICE_ABSENT'));
    const [complaint = ''] = bus
      .log()
      .split('\n')
      .filter((line) => line.includes('DEVICE_ABSENT'));
    expect(JSON.parse(complaint)).toMatchObject({
      device: 'scanner',
      path: bus.scannerLine.path,
      code: 'DEVICE_ABSENT',
    });
    expect(JSON.parse(complaint).remedy).toMatch(/Plug the device in/);
    expect(complaint).not.toMatch(/ at .*\.ts:\d+/);
    await bus.until('the board', () => bus.reached('indicator') === 1);
    await bus.scannerLine.replug();
    await bus.until('the reader', () => bus.reached('scanner') === 1);
    await bus.until('an open trip', async () => (await bus.rows()).some((row) => row.payload.act === 'trip'));
    expect(await bus.show(bus.wallet().freshCode(bus.now()))).toMatchObject(accepted);
    // A device that stays away is a line in the log, not a line for each attempt.
    expect(bus.log().split('DEVICE_ABSENT').length - 1).toBe(1);
  });

  it('without a board nobody is charged, and the reader is pulled and put back without a restart', async () => {
    await bus.startServing();
    expect(await bus.show(bus.wallet().freshCode(bus.now()))).toMatchObject(accepted);
    await bus.boardLine.unplug();
    await bus.until('the loss', () =>
      bus
        .log()
        .split('\n')
        .some((line) => line.includes('device-failed') && line.includes('"indicator"')),
    );
    expect((await bus.show(bus.wallet().freshCode(bus.now()))).reason).toBe('DEVICE_FAULT');
    expect(await bus.rides()).toHaveLength(1);
    await bus.scannerLine.unplug();
    await pause(1_000);
    await bus.scannerLine.replug();
    await bus.boardLine.replug();
    await bus.until('both again', () => bus.reached('scanner') === 2 && bus.reached('indicator') === 2);
    expect(await bus.show(bus.wallet().freshCode(bus.now()))).toMatchObject(accepted);
    expect(bus.terminal.state).toBe('running');
  });
});

async function everyReferenceLeadsToARow(answers: readonly Answer[]): Promise<void> {
  const references = new Set((await bus.rows()).map((row) => row.ref));
  const shown = answers.map(({ ref }) => ref).filter((ref) => ref !== null);
  expect(shown.length).toBeGreaterThan(0);
  for (const ref of shown) expect(references).toContain(ref);
}

async function rideVerdicts(): Promise<readonly (string | null)[]> {
  const rows = (await bus.headEnd?.headEnd.latest(100)) ?? [];
  return rows.filter((row) => row.act === 'ride').map((row) => row.verdict);
}

const pause = (forMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, forMs));
const repeatRows = async () => (await bus.rows()).filter((row) => row.payload.act === 'repeat');
const storedRides = async (): Promise<number> => (await rideVerdicts()).length;

/** The last character of the signature is another one. */
const broken = (code: string): string => code.slice(0, -2) + (code.at(-2) === '0' ? '1' : '0') + code.slice(-1);
