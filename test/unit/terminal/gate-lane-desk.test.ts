// The desk of a gate lane over a real journal: what follows a commit and in which order, what happens when the barrier
// does not take a pulse, and what others who ask it may rely on.
import { afterEach, describe, expect, it } from 'vitest';
import type { Gate, GateDirection, GateEvent } from '../../../devices/ports/gate.ts';
import { secondsOf, type UnixSeconds, unixSeconds } from '../../../runtime/core/brand.ts';
import { type Bytes, equal, hex, utf8 } from '../../../runtime/core/bytes.ts';
import { type CborMap, decodeCbor, documentProfile, encodeCbor } from '../../../runtime/core/cbor.ts';
import { SystemClock } from '../../../runtime/core/clock.ts';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { Signal } from '../../../runtime/core/event.ts';
import { silentLogger } from '../../../runtime/core/log.ts';
import type { Moment } from '../../../runtime/core/trusted-time.ts';
import { gateLaneDefaults } from '../../../runtime/machines/gate-lane/config.ts';
import { homeLaneOf } from '../../../runtime/machines/gate-lane/home-lane.ts';
import type { GateLaneInput } from '../../../runtime/machines/gate-lane/input.ts';
import { laneSpace } from '../../../runtime/machines/gate-lane/memory.ts';
import { nothingReplayed } from '../../../runtime/machines/gate-lane/replay.ts';
import { useAfter, useProjection, useSpace } from '../../../runtime/machines/shared/use-ledger.ts';
import { BusinessCalendar } from '../../../runtime/records/business-day.ts';
import { decodeRow, type Row } from '../../../runtime/records/row.ts';
import { decodeAccessRules } from '../../../runtime/rules/access-rules-document.ts';
import type { Journal } from '../../../runtime/store/journal.ts';
import type { DeskServices } from '../../../runtime/terminal/desk.ts';
import { EvidenceKeeper } from '../../../runtime/terminal/evidence-keeper.ts';
import { GateLaneDesk } from '../../../runtime/terminal/gate-lane/gate-lane-desk.ts';
import { noPeers } from '../../../runtime/terminal/gate-lane/lane-peers.ts';
import { recoverLane } from '../../../runtime/terminal/gate-lane/recovered-lane.ts';
import { InputQueue } from '../../../runtime/terminal/input-queue.ts';
import { RowDrafts } from '../../../runtime/terminal/row-drafts.ts';
import { sweepRows } from '../../../runtime/terminal/sweep.ts';
import { CredentialCache } from '../../../runtime/tokens/credential-cache.ts';
import { ReplayRing } from '../../../runtime/tokens/replay-ring.ts';
import type { VerifyLimits } from '../../../runtime/tokens/verifier.ts';
import { verifyCode } from '../../../runtime/tokens/verify.ts';
import { Issuer } from '../../../simulators/issuer/issuer.ts';
import { bootId, JournalRig } from '../../fixtures/journal-rig.ts';
import { trustView } from '../../fixtures/token-world.ts';
import { rulesBody } from '../rules/rules-for-tests.ts';

const clock = new SystemClock();
const entropy = new SeededEntropy('gate lane desk');
const now = (): UnixSeconds => secondsOf(clock.wallMs());
const moment = (change: Partial<Moment> = {}): Moment => ({
  wallMs: clock.wallMs(),
  monoMs: clock.monoMs(),
  state: 'SYNCED',
  uncertaintyMs: 0,
  floorMs: clock.wallMs(),
  ...change,
});
const issuer = Issuer.create('museum1', entropy);
const rulesOf = (body: CborMap) => decodeAccessRules(body);
const bodyOf = (rules: object): CborMap => decodeCbor(encodeCbor(rules as never), documentProfile) as CborMap;
const oneLane = { ...rulesBody, gates: rulesBody.gates.slice(0, 1), products: [rulesBody.products[0]] };

const rigs: JournalRig[] = [];
const desks: GateLaneDesk[] = [];
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.stop();
  for (const rig of rigs.splice(0)) await rig.end();
});

/** A barrier at its port, and what happened at it in the order of everything else. */
class PortGate implements Gate {
  readonly id = 'gate';
  readonly events = new Signal<GateEvent>();
  readonly changed = new Signal<ReturnType<Gate['health']>>();
  readonly confirmsOpening: boolean;
  takes = true;
  readonly #happened: string[];

  constructor(confirmsOpening: boolean, happened: string[]) {
    this.confirmsOpening = confirmsOpening;
    this.#happened = happened;
  }

  health = () => ({ id: 'gate', state: 'online' as const, detail: '', reconnects: 0 });
  sensors = () => ({ open: false, blocked: false, fire: false, passages: { entry: 0, exit: 0 } });
  start = (): void => {};
  stop = async (): Promise<void> => {};
  release(direction: GateDirection): boolean {
    this.#happened.push(`pulse ${direction}`);
    return this.takes;
  }
}

async function open(options: { confirms?: boolean; rules?: object; journal?: (real: Journal) => Journal } = {}) {
  const rig = new JournalRig();
  rigs.push(rig);
  await rig.open();
  const happened: string[] = [];
  rig.journal.committed.on(({ epoch, seq }) => {
    const [row] = rig.journal.read(epoch, seq, 1).map(({ body }) => decodeRow(body));
    happened.push(`${row?.type} ${row?.payload.act}`);
  });
  const journal = options.journal?.(rig.journal) ?? rig.journal;
  const gate = new PortGate(options.confirms ?? true, happened);
  const limitsSeen: VerifyLimits[] = [];
  const trust = trustView({ issuers: [issuer.trustRecord(now())] });
  const documents = { rules: { body: bodyOf(options.rules ?? oneLane) }, trust, deny: null };
  const device = { id: 'lamps', health: gate.health, changed: gate.changed, start: () => {}, stop: async () => {} };
  const queue: InputQueue<GateLaneInput> = new InputQueue((input) =>
    'kind' in input ? desk.take(input) : desk.present(input, moment()),
  );
  const services: DeskServices<GateLaneInput> = {
    journal,
    documents: documents as never,
    indicator: { ...device, show: (cue) => happened.push(`lamp ${cue}`) > 0 },
    clock,
    entropy,
    logger: silentLogger,
    bootId,
    connection: () => ({ online: true, ackedSeq: null }),
    drafts: new RowDrafts(new BusinessCalendar('UTC'), new EvidenceKeeper(clock)),
    now: () => moment(),
    verify: (raw, atMonoMs, at, limits) => {
      if (!limits) throw new Error('a lane verifies within its own limits');
      limitsSeen.push(limits);
      const lookups = { ring: new ReplayRing(), deny: null, status: () => null, defect: () => {} };
      return verifyCode(raw, atMonoMs, { now: at, trust, limits, cache: new CredentialCache() }, lookups);
    },
    later: (input) => queue.input(input),
    written: () => {},
  };
  const desk = new GateLaneDesk(
    {
      config: { ...gateLaneDefaults, gate: 'lane-1', capacity: 'unlimited' },
      reader: 'entry',
      recovered: nothingReplayed,
      staff: { terminal: 'lane-1', site: 9, presenceMs: 20_000 },
      gate,
      motionMs: 100,
      peers: noPeers,
      rulesOf,
    },
    services,
  );
  desks.push(desk);
  for (const input of desk.boot(moment())) queue.input(input);
  await queue.drained();
  desk.start();
  const rows = (): readonly Row[] => {
    const { epoch } = journal.head() ?? { epoch: 0 };
    return journal.read(epoch, 0, 1_000).map(({ body }) => decodeRow(body));
  };
  const show = async (code: string): Promise<void> => {
    queue.scan({ bytes: utf8(code), atMonoMs: clock.monoMs(), scanner: 'scanner' });
    await queue.drained();
  };
  return { desk, gate, journal, rig, queue, happened, rows, show, limitsSeen, documents };
}

const ticket = (cti: Bytes = entropy.bytes(8)): string =>
  issuer.ticket({ nbf: unixSeconds(now() - 60), exp: unixSeconds(now() + 600) }, 9, unixSeconds(now() - 120), { cti });
const outcomes = (rows: readonly Row[]) => rows.filter(({ type }) => type === 'OUTCOME').map(({ payload }) => payload);

describe('a pulse', () => {
  it('goes out directly after the commit of its INTENT, and before any lamp', async () => {
    const { show, happened } = await open();
    await show(ticket());
    expect(happened).toEqual(['INTENT admit', 'pulse entry', 'lamp accepted']);
  });

  it('does not go out where the commit gave no row for it: that is a bug, and the barrier stays', async () => {
    const lying = (real: Journal): Journal =>
      new Proxy(real, {
        get: (target, name) => {
          if (name === 'commit') return async () => [];
          const value = Reflect.get(target, name) as unknown;
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    const { desk, happened } = await open({ journal: lying });
    const scan = { bytes: utf8(ticket()), atMonoMs: clock.monoMs(), scanner: 'scanner' };
    await expect(desk.present(scan, moment())).rejects.toThrow(/INTENT in the same commit/);
    expect(happened.filter((event) => event.startsWith('pulse'))).toEqual([]);
  });

  it.each([
    ['that confirms its opening has failed', true, 'failed'],
    ['that confirms nothing was not walked through', false, 'not_passed'],
  ])('that the barrier does not take is not given again: one %s', async (_name, confirms, outcome) => {
    const { show, gate, happened, rows, queue } = await open({ confirms });
    gate.takes = false;
    await show(ticket());
    await queue.drained();
    expect(outcomes(rows()).map((payload) => payload.outcome)).toEqual([outcome]);
    expect(happened.filter((event) => event === 'pulse entry')).toHaveLength(1);
  });
});

describe('what the journal says of a lane', () => {
  it('is read from the projection, and from the rows where that is lost or cannot be read', async () => {
    const { show, gate, journal, queue, rows } = await open({ confirms: false });
    await show(ticket());
    gate.events.emit({ kind: 'passed', direction: 'entry', atMonoMs: clock.monoMs() });
    await queue.drained();
    await show(ticket());
    const memory = recoverLane(journal, silentLogger);
    expect(memory).toMatchObject({ occupancy: 1, entry: { direction: 'entry', rest: 1 }, emergency: false });
    const intent = rows().findLast(({ type }) => type === 'INTENT');
    expect(hex(memory.entry?.actId ?? new Uint8Array(0))).toBe(hex(intent?.payload.actId ?? new Uint8Array(1)));
    for (const value of [Uint8Array.of(1, 2, 3), null]) {
      await journal.commit([], [{ space: laneSpace, key: new Uint8Array(0), value }]);
      const { uses: _uses, ...fromRows } = recoverLane(journal, silentLogger) as typeof memory & { uses?: unknown };
      expect(fromRows).toEqual(memory);
    }
  });

  it('also where a use was made unreadable: the ticket is used up as its rows say', async () => {
    const { show, gate, journal, queue, rows } = await open({ confirms: false });
    const code = ticket();
    await show(code);
    gate.events.emit({ kind: 'passed', direction: 'entry', atMonoMs: clock.monoMs() });
    await queue.drained();
    const [[key] = [new Uint8Array(0)]] = journal.projections(useSpace);
    await journal.commit([], [{ space: useSpace, key, value: Uint8Array.of(0xff) }]);
    await new Promise((resolve) => setTimeout(resolve, gateLaneDefaults.repeatMs + 100));
    await show(code);
    expect(rows().at(-1)?.payload).toMatchObject({ act: 'decline', reason: 'ALREADY_USED' });
  });
});

describe('verification', () => {
  it('takes the widest grace of the rules in force, also after they changed', async () => {
    const { show, limitsSeen, desk, documents } = await open();
    await show(ticket());
    const [product] = oneLane.products;
    const products = [product, { ...product, id: 2, graceBefore: 300, graceAfter: 60, endInclusive: true }];
    documents.rules = { body: bodyOf({ ...oneLane, products }) };
    desk.documentChanged('rules');
    await show(ticket());
    expect(limitsSeen.map((limits) => [limits.ticketGraceBeforeSeconds, limits.ticketGraceAfterSeconds])).toEqual([
      [0, 0],
      [300, 61],
    ]);
  });
});

describe('a command', () => {
  const hold = { commandId: Uint8Array.of(1, 2), notAfter: unixSeconds(now() + 60) };
  const floor = { space: 'command', key: Uint8Array.of(1), value: Uint8Array.of(7) };

  it('is durable together with what must be, before it is answered', async () => {
    const { desk, journal, rows } = await open();
    const answers: string[] = [];
    desk.answers.on(({ reason }) => answers.push(reason));
    await desk.command({ ...hold, command: { kind: 'hold', waitMinutes: 10 } }, [floor]);
    expect(rows().at(-1)?.payload).toMatchObject({ act: 'hold', commandId: hold.commandId });
    expect(journal.projection('command', floor.key)).toEqual(floor.value);
    expect(answers).toEqual(['OK']);
  });

  it('that came too late is answered, and rejects because nothing was written', async () => {
    const { desk, journal } = await open();
    const answered = desk.answers.next();
    const late = { ...hold, notAfter: unixSeconds(now() - 60) };
    await expect(desk.command({ ...late, command: { kind: 'resume' } }, [floor])).rejects.toMatchObject({
      code: 'JOURNAL_UNAVAILABLE',
    });
    expect((await answered).reason).toBe('COMMAND_EXPIRED');
    expect(journal.projection('command', floor.key)).toBeNull();
  });
});

describe('another lane', () => {
  const lanes = { ...rulesBody, products: [rulesBody.products[0]] };
  /** A ticket whose home is this lane, or is not. */
  const cti = (home: boolean): Bytes => {
    for (;;) {
      const id = entropy.bytes(8);
      if ((homeLaneOf('museum1', id, rulesOf(bodyOf(lanes)).gates) === 'lane-1') === home) return id;
    }
  };
  const subject = (home = true) => ({
    claimId: entropy.bytes(16),
    issuer: 'museum1',
    cti: cti(home),
    uses: 1,
    validUntil: unixSeconds(now() + 600),
  });

  it('is granted a ticket once the claim is durable; a third lane is not; who asks wrongly hears nothing', async () => {
    const { desk, rows } = await open({ rules: lanes });
    const claim = subject();
    expect(await desk.claim('lane-2', claim)).toMatchObject({ granted: true });
    expect(rows().at(-1)?.payload).toMatchObject({ act: 'claim', tx: claim.claimId, detail: 'lane-2' });
    expect(await desk.claim('lane-2', claim)).toMatchObject({ granted: true });
    expect(await desk.claim('lane-3', { ...claim, claimId: entropy.bytes(16) })).toMatchObject({ granted: false });
    expect(rows().filter(({ payload }) => payload.act === 'claim')).toHaveLength(1);
    expect(await desk.claim('lane-2', subject(false))).toBeNull();
    expect(await desk.claim('nobody', subject())).toBeNull();
  });

  it('tells an outcome until it is durable, and may tell it twice: one row', async () => {
    const { desk, rows } = await open({ rules: lanes });
    const claim = subject();
    await desk.claim('lane-2', claim);
    const told = { ...claim, actId: entropy.bytes(8), outcome: 'used' as const, more: false };
    await desk.settled('lane-2', told);
    await desk.settled('lane-2', told);
    expect(rows().filter(({ payload }) => payload.act === 'settle')).toHaveLength(1);
    // Nothing was held for it: there is nothing to release, and nothing to tell again.
    await desk.settled('lane-2', { ...subject(), actId: entropy.bytes(8), outcome: 'released', more: false });
    await expect(
      desk.settled('lane-2', { ...subject(false), actId: entropy.bytes(8), outcome: 'used', more: false }),
    ).rejects.toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });
  });
});

describe('the sweep of used tickets', () => {
  it('forgets those that ended long ago, page by page, and none that is held or may still be shown', async () => {
    const { desk, journal } = await open();
    const ended = now() - gateLaneDefaults.useKeepSeconds - 10;
    const times = { bootId, monoMs: clock.monoMs(), wallMs: clock.wallMs() };
    const tx = entropy.bytes(16);
    const entered = { kind: 'entered', tx, more: false } as const;
    const old = Array.from({ length: sweepRows + 7 }, () =>
      useProjection('museum1', entropy.bytes(8), useAfter(null, entered, times, ended)),
    );
    const kept = [
      useProjection('museum1', entropy.bytes(8), useAfter(null, entered, times, now() + 60)),
      useProjection('museum1', entropy.bytes(8), useAfter(null, { kind: 'held', tx, by: null }, times, ended)),
    ];
    const unreadable = { space: useSpace, key: Uint8Array.of(1), value: Uint8Array.of(0xff) };
    kept.push(unreadable);
    await journal.commit([], [...old, ...kept]);
    await desk.sweep();
    const left = journal.projections(useSpace).map(([key]) => key);
    expect(left).toHaveLength(3);
    expect(kept.every(({ key }) => left.some((other) => equal(other, key)))).toBe(true);
  });
});
