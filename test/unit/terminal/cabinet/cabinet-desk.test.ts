// The desk between the machine and its devices: a motion only beside its own INTENT, a command durable together with
// what sync keeps of it, and uses of codes that outlive damage and are forgotten in time.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cabinet, SlotFacts } from '../../../../devices/ports/cabinet.ts';
import type { DeviceHealth } from '../../../../devices/ports/device.ts';
import type { Scan } from '../../../../devices/ports/scanner.ts';
import { secondsOf, unixSeconds } from '../../../../runtime/core/brand.ts';
import { utf8 } from '../../../../runtime/core/bytes.ts';
import { SystemClock } from '../../../../runtime/core/clock.ts';
import { systemEntropy } from '../../../../runtime/core/entropy.ts';
import { Signal } from '../../../../runtime/core/event.ts';
import { silentLogger } from '../../../../runtime/core/log.ts';
import { TrustedTime } from '../../../../runtime/core/trusted-time.ts';
import { cabinetDefaults } from '../../../../runtime/machines/cabinet/config.ts';
import type { AnswerEffect } from '../../../../runtime/machines/cabinet/effects.ts';
import { useKeepSeconds } from '../../../../runtime/machines/cabinet/forgetting.ts';
import { homeOf } from '../../../../runtime/machines/cabinet/home-machine.ts';
import type { CabinetInput, DispenseCommand } from '../../../../runtime/machines/cabinet/input.ts';
import { ledgerSpaces } from '../../../../runtime/machines/cabinet/projections.ts';
import { encodeTicketUse, type TicketUse, unused, useKey } from '../../../../runtime/machines/shared/use-ledger.ts';
import { BusinessCalendar } from '../../../../runtime/records/business-day.ts';
import { decodeRow } from '../../../../runtime/records/row.ts';
import type { Journal } from '../../../../runtime/store/journal.ts';
import { CabinetDesk } from '../../../../runtime/terminal/cabinet/cabinet-desk.ts';
import type { CabinetNotice } from '../../../../runtime/terminal/cabinet/notices.ts';
import { noPeers } from '../../../../runtime/terminal/cabinet/peers.ts';
import { recoverLedger, settledActsOf } from '../../../../runtime/terminal/cabinet/recovered-ledger.ts';
import type { DeskServices } from '../../../../runtime/terminal/desk.ts';
import { EvidenceKeeper } from '../../../../runtime/terminal/evidence-keeper.ts';
import type { HeldDocuments } from '../../../../runtime/terminal/held-documents.ts';
import { InputQueue } from '../../../../runtime/terminal/input-queue.ts';
import { recover } from '../../../../runtime/terminal/recovery.ts';
import { RowDrafts } from '../../../../runtime/terminal/row-drafts.ts';
import { sweepRows } from '../../../../runtime/terminal/sweep.ts';
import type { Verdict } from '../../../../runtime/tokens/outcome.ts';
import { JournalRig } from '../../../fixtures/journal-rig.ts';

const clock = new SystemClock();
const now = () => secondsOf(clock.wallMs());
const beside = { space: 'command', key: utf8('floor'), value: utf8('counter 7') };

let rig: JournalRig;
beforeEach(async () => {
  rig = new JournalRig();
  await rig.open();
});
afterEach(() => rig.end());

describe('a command', () => {
  it('is durable together with what sync keeps of it, moves one latch, and answered again it moves none', async () => {
    const hall = await openDesk(rig.journal);
    const command = hall.command();
    await hall.desk.dispense(command, [beside]);
    await hall.settled();
    expect(hall.unlocked).toEqual([1]);
    expect(rig.journal.projection(beside.space, beside.key)).toEqual(beside.value);
    await hall.desk.dispense(command, []);
    expect(hall.unlocked).toEqual([1]);
    expect(hall.answers.map(({ reason, repeated }) => [reason, repeated])).toEqual([
      ['OK', false],
      ['OK', true],
    ]);
    await hall.close();
  });

  it('of which nothing was written keeps nothing, moves nothing, and says so', async () => {
    let broken = false;
    const commit: Journal['commit'] = async (rows, projections) => {
      if (broken) throw new Error('the disk is gone');
      return rig.journal.commit(rows, projections);
    };
    const hall = await openDesk(withCommit(rig.journal, commit));
    const command = hall.command();
    broken = true;
    await expect(hall.desk.dispense(command, [beside])).rejects.toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });
    expect(hall.unlocked).toEqual([]);
    expect(rig.journal.projection(beside.space, beside.key)).toBeNull();
    broken = false;
    await hall.desk.dispense(command, [beside]);
    expect(hall.unlocked).toEqual([1]);
    await hall.close();
  });
});

describe('a motion', () => {
  it('whose INTENT did not become durable in its own commit is a defect, and no latch moves', async () => {
    let forgetful = false;
    const commit: Journal['commit'] = async (rows, projections) =>
      forgetful ? [] : rig.journal.commit(rows, projections);
    const hall = await openDesk(withCommit(rig.journal, commit));
    const command = hall.command();
    forgetful = true;
    await hall.desk.dispense(command, [beside]).catch(() => {});
    await hall.settled();
    expect(hall.defects.map(String)).toEqual([expect.stringContaining('a motion has its INTENT in the same commit')]);
    expect(hall.unlocked).toEqual([]);
    await hall.close();
  });
});

describe('the label of a guide', () => {
  it('asks for a slot; bytes that are no serial of the fleet are decoded as a code', async () => {
    const hall = await openDesk(rig.journal);
    await hall.scan('G-2');
    expect(hall.unlocked).toEqual([2]);
    expect(hall.verified).toBe(0);
    await hall.scan('G-3');
    expect(hall.verified).toBe(1);
    await hall.close();
  });
});

describe('what was used of a code', () => {
  const [issuer, cti] = ['museum1', utf8('ticket-1')];
  const key = useKey(issuer, cti);
  const use = (change: Partial<TicketUse>): TicketUse => ({
    ...unused,
    entries: 1,
    lastEntryAt: unixSeconds(now() - 600),
    validUntil: unixSeconds(now() - useKeepSeconds - 60),
    ...change,
  });
  const keep = async (change: Partial<TicketUse>) =>
    rig.journal.commit([], [{ space: 'use', key, value: encodeTicketUse(use(change)) }]);
  const hold = { tx: systemEntropy.bytes(16), by: null, bootId: systemEntropy.bytes(16), monoMs: clock.monoMs() };

  it.each([
    ['a day after its end', {}, true],
    ['before that day is over', { validUntil: unixSeconds(now() - useKeepSeconds + 3_600) }, false],
    ['while an order holds the code', { hold }, false],
  ])('%s: may it be forgotten?', async (_when, change, forgotten) => {
    await keep(change);
    const hall = await openDesk(rig.journal);
    await hall.desk.sweep();
    expect(rig.journal.projection('use', key) === null).toBe(forgotten);
    await hall.close();
  });

  it('is forgotten beyond the first page too, and one that damage made unreadable stops nothing', async () => {
    const over = Array.from({ length: sweepRows + 20 }, (_, at) => useKey(issuer, utf8(`ticket-${1_000 + at}`)));
    await rig.journal.commit(
      [],
      over.map((old) => ({ space: 'use', key: old, value: encodeTicketUse(use({})) })),
    );
    await rig.journal.commit([], [{ space: 'use', key, value: utf8('no use') }]);
    const hall = await openDesk(rig.journal);
    await hall.desk.sweep();
    expect(rig.journal.projections('use').map(([left]) => left)).toEqual([key]);
    await hall.close();
  });
});

describe('the use of a code that damage made unreadable', () => {
  it('is made again from the rows: the code gets no second guide', async () => {
    const hall = await openDesk(rig.journal);
    hall.accepts(loanCode());
    await hall.scan('ST1:LOAN');
    expect(hall.reasons).toEqual(['OK']);
    const [stored] = rig.journal.projections('use');
    if (!stored) throw new Error('the use was not kept');
    await rig.journal.commit([], [{ space: 'use', key: stored[0], value: utf8('no use') }]);
    await hall.scan('ST1:LOAN');
    expect(hall.reasons).toEqual(['OK', 'REPEAT']);
    expect(hall.unlocked).toEqual([1]);
    await hall.close();
  });
});

describe('a ledger that damage made unreadable', () => {
  it('is read from the rows instead, and says the same', async () => {
    const hall = await openDesk(rig.journal);
    await hall.desk.dispense(hall.command(), [beside]);
    await hall.settled();
    await hall.close();
    const whole = recoverLedger(rig.journal, silentLogger);
    expect([...whole.orders.values()]).toMatchObject([{ phase: 'DISPENSING', slot: 1 }]);
    await rig.journal.commit([], [{ space: ledgerSpaces.slot, key: utf8('?'), value: utf8('no slot') }]);
    expect(recoverLedger(rig.journal, silentLogger)).toEqual(whole);
  });
});

describe('a code that another cabinet asks about', () => {
  const cabinets = ['hall-a', 'hall-b'];
  /** A code whose home is here. */
  const asked = () => {
    for (;;) {
      const [claimId, cti] = [systemEntropy.bytes(16), systemEntropy.bytes(8)];
      if (homeOf('museum', cti, cabinets) !== 'hall-a') continue;
      return { claimId, issuer: 'museum', cti, uses: 1, validUntil: now() + 600 };
    }
  };
  const rowsOf = (act: string) =>
    rig.journal
      .before({ epoch: Number.MAX_SAFE_INTEGER, seq: 0 }, 100)
      .filter(({ body }) => decodeRow(body).payload.act === act);
  const used = (subject: ReturnType<typeof asked>) => ({
    ...subject,
    actId: subject.claimId.slice(0, 8),
    outcome: 'used' as const,
  });

  it('is granted once, by a row, and is held for that claim alone', async () => {
    const hall = await openDesk(rig.journal, cabinets);
    const subject = asked();
    expect(await hall.desk.claim('hall-b', subject)).toEqual({ granted: true, entries: 0 });
    expect(await hall.desk.claim('hall-b', subject)).toEqual({ granted: true, entries: 0 });
    const another = { ...subject, claimId: systemEntropy.bytes(16) };
    expect(await hall.desk.claim('hall-b', another)).toEqual({ granted: false, entries: 0 });
    expect(rowsOf('claim')).toHaveLength(1);
    await hall.close();
  });

  it('gets no answer where it is no cabinet of the site that asks', async () => {
    const hall = await openDesk(rig.journal, cabinets);
    expect(await hall.desk.claim('hall-z', asked())).toBeNull();
    expect(rowsOf('claim')).toHaveLength(0);
    await hall.close();
  });

  it('was used there: written once, however often it is told, also over a restart', async () => {
    const subject = asked();
    const first = await openDesk(rig.journal, cabinets);
    await first.desk.claim('hall-b', subject);
    await first.desk.settled('hall-b', used(subject));
    await first.desk.settled('hall-b', used(subject));
    await first.close();
    const second = await openDesk(rig.journal, cabinets);
    await second.desk.settled('hall-b', used(subject));
    expect(rowsOf('settle')).toHaveLength(1);
    expect(rowsOf('incident')).toHaveLength(0);
    const another = { ...subject, claimId: systemEntropy.bytes(16) };
    expect(await second.desk.claim('hall-b', another)).toEqual({ granted: false, entries: 1 });
    await second.close();
  });

  it('is to be told again where nothing could be written', async () => {
    let broken = false;
    const commit: Journal['commit'] = async (rows, projections) => {
      if (broken) throw new Error('the disk is gone');
      return rig.journal.commit(rows, projections);
    };
    const hall = await openDesk(withCommit(rig.journal, commit), cabinets);
    const subject = asked();
    await hall.desk.claim('hall-b', subject);
    broken = true;
    await expect(hall.desk.settled('hall-b', used(subject))).rejects.toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });
    broken = false;
    await hall.desk.settled('hall-b', used(subject));
    expect(rowsOf('settle')).toHaveLength(1);
    await hall.close();
  });
});

/** A cabinet of two slots, G-1 in the first, served and online, its code on the screen. */
async function openDesk(journal: Journal, cabinets: readonly string[] = ['hall-a']) {
  const time = new TrustedTime({ clock, floorMs: 0, rtcKeptPower: true });
  const state: DeviceHealth = { id: 'cabinet', state: 'online', detail: '', reconnects: 0 };
  const facts = new Signal<SlotFacts>();
  const unlocked: number[] = [];
  const device = { health: () => state, changed: new Signal<DeviceHealth>(), start: () => {}, stop: async () => {} };
  const cabinet: Cabinet = {
    ...device,
    id: 'cabinet',
    slots: 2,
    canRelatch: false,
    facts,
    snapshot: () => [],
    unlock: (slot) => unlocked.push(slot) > 0,
    relatch: () => false,
  };
  const defects: unknown[] = [];
  let verified = 0;
  let verdict: Verdict = refused;
  const reasons: string[] = [];
  const queue = new InputQueue<CabinetInput>(async (input) => {
    try {
      if ('kind' in input) await desk.take(input);
      else await desk.present(input, time.now());
    } catch (error) {
      defects.push(error);
    }
  });
  const documents = { trust: null, deny: { version: 1, issuedAt: now(), find: () => null }, fares: [] };
  const services: DeskServices<CabinetInput> = {
    journal,
    documents: documents as unknown as HeldDocuments,
    indicator: { ...device, id: 'indicator', show: () => true },
    clock,
    entropy: systemEntropy,
    logger: silentLogger,
    bootId: systemEntropy.bytes(16),
    connection: () => ({ online: true, ackedSeq: null }),
    drafts: new RowDrafts(new BusinessCalendar('UTC'), new EvidenceKeeper(clock)),
    now: () => time.now(),
    verify: () => {
      verified++;
      return verdict;
    },
    later: (input) => queue.input(input),
    written: () => {},
  };
  const desk = new CabinetDesk(
    {
      cabinet,
      config: { ...cabinetDefaults, hygiene: 'none' },
      site: { place: 'hall-a', cabinets },
      products: new Map(),
      items: new Map(['G-1', 'G-2'].map((serial) => [serial, { languages: ['en'] }])),
      closesAt: null,
      peers: noPeers,
      settledActs: settledActsOf(recover(journal).tail),
      recovered: recoverLedger(journal, silentLogger),
      staff: { terminal: 'hall-a', site: 9, roles: ['cabinet'], presenceMs: 20_000 },
    },
    services,
  );
  const notices: CabinetNotice[] = [];
  const answers: AnswerEffect[] = [];
  desk.notices.on((notice) => notices.push(notice));
  desk.answers.on((answer) => answers.push(answer));
  desk.shown.on(({ reason }) => reasons.push(reason));
  for (const input of desk.boot(time.now())) queue.input(input);
  await queue.drained();
  desk.start();
  for (const slot of [1, 2]) facts.emit(sensed(slot, slot === 1 ? 'G-1' : null));
  await queue.drained();
  return {
    desk,
    unlocked,
    answers,
    defects,
    reasons,
    accepts: (accepted: Verdict) => {
      verdict = accepted;
    },
    get verified() {
      return verified;
    },
    settled: () => queue.drained(),
    /** What the head end sends when a phone has scanned the screen. */
    command: (): DispenseCommand => {
      const shown = notices.findLast((notice) => notice.kind === 'code');
      if (shown?.kind !== 'code') throw new Error('no code on the screen');
      const [commandId, order] = [systemEntropy.bytes(16), systemEntropy.bytes(16)];
      return { commandId, order, nonce: shown.nonce, notAfter: unixSeconds(now() + 30), language: null, slot: null };
    },
    scan: async (text: string) => {
      queue.scan({ bytes: utf8(text), atMonoMs: clock.monoMs(), scanner: 'test' } satisfies Scan);
      await queue.drained();
    },
    close: () => desk.stop(),
  };
}

const refused: Verdict = {
  accepted: false,
  reason: 'UNSUPPORTED_FORMAT',
  detail: '',
  done: 0,
  found: 0,
  issuer: null,
  digest: null,
  outcome: null,
};

function loanCode(): Verdict {
  const exp = unixSeconds(now() + 600);
  return {
    accepted: true,
    done: 0,
    found: 0,
    denyAgeSeconds: 0,
    outcome: {
      format: 'st1',
      issuer: 'museum1',
      kid: Uint8Array.of(1, 2, 3, 4),
      kind: 'loan',
      subject: systemEntropy.bytes(8),
      cti: systemEntropy.bytes(8),
      iat: now(),
      nbf: null,
      exp,
      freshUntil: exp,
      presentation: null,
      limits: {
        fareCapMinor: null,
        currency: 'EUR',
        uses: 1,
        site: null,
        gates: null,
        product: null,
        loanMaxSeconds: 14_400,
        depositMinor: 0,
      },
      language: null,
      status: null,
      scope: [],
      digest: systemEntropy.bytes(32),
      evidence: utf8('evidence'),
    },
  };
}

const sensed = (slot: number, tagId: string | null): SlotFacts => ({
  slot,
  locked: true,
  doorClosed: true,
  present: tagId !== null,
  tagId,
  chargePercent: tagId === null ? null : 90,
  fault: null,
  atMonoMs: clock.monoMs(),
  tagAtMonoMs: clock.monoMs(),
  chargeAtMonoMs: clock.monoMs(),
});

/** The same journal with another way to commit. */
function withCommit(journal: Journal, commit: Journal['commit']): Journal {
  const changed: Journal = Object.create(journal);
  for (const name of ['head', 'oldest', 'before', 'read', 'byReference', 'projection', 'projections', 'level'] as const)
    Object.defineProperty(changed, name, { value: (journal[name] as (...given: unknown[]) => unknown).bind(journal) });
  Object.defineProperty(changed, 'commit', { value: commit });
  return changed;
}
