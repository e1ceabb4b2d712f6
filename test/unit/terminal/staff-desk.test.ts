// Staff at a machine, over a real journal and with real badges: how long a badge counts, what a sheet left before the
// reader does, what a flood writes, and that nothing is believed that did not become durable.
import { afterEach, describe, expect, it } from 'vitest';
import { type MonoMs, monoMs, secondsOf, type UnixSeconds, unixSeconds } from '../../../runtime/core/brand.ts';
import { utf8 } from '../../../runtime/core/bytes.ts';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { silentLogger } from '../../../runtime/core/log.ts';
import type { Moment } from '../../../runtime/core/trusted-time.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { BusinessCalendar } from '../../../runtime/records/business-day.ts';
import type { ReasonCode } from '../../../runtime/records/reasons.ts';
import type { DeskServices } from '../../../runtime/terminal/desk.ts';
import { EvidenceKeeper } from '../../../runtime/terminal/evidence-keeper.ts';
import type { Shown } from '../../../runtime/terminal/machine-runner.ts';
import { RowDrafts } from '../../../runtime/terminal/row-drafts.ts';
import { StaffDesk, staffDeskLimits } from '../../../runtime/terminal/staff/staff-desk.ts';
import { CredentialCache } from '../../../runtime/tokens/credential-cache.ts';
import { ReplayRing } from '../../../runtime/tokens/replay-ring.ts';
import { defaultLimits } from '../../../runtime/tokens/verifier.ts';
import { verifyCode } from '../../../runtime/tokens/verify.ts';
import { Issuer } from '../../../simulators/issuer/issuer.ts';
import { StaffBadge } from '../../../simulators/wallet/staff-badge.ts';
import { bootId, JournalRig } from '../../fixtures/journal-rig.ts';
import { trustView } from '../../fixtures/token-world.ts';

const presenceMs = 20_000;
const issuer = Issuer.create('museum1', new SeededEntropy('staff desk'));

const rigs: JournalRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.end();
});

/** A machine that does whatever it is told, and says what that was. */
async function open() {
  const rig = new JournalRig();
  rigs.push(rig);
  await rig.open();
  const clock = new VirtualClock();
  const now = (): UnixSeconds => secondsOf(clock.wallMs());
  const moment = (): Moment => ({
    wallMs: clock.wallMs(),
    monoMs: clock.monoMs(),
    state: 'SYNCED',
    uncertaintyMs: 0,
    floorMs: clock.wallMs(),
  });
  const trust = trustView({ issuers: [issuer.trustRecord(now())], exp: unixSeconds(now() + 86_400) });
  const drafts = new RowDrafts(new BusinessCalendar('UTC'), new EvidenceKeeper(clock));
  const device = { id: 'lamps', changed: null as never, start: () => {}, stop: async () => {} };
  const health = () => ({ id: 'lamps', state: 'online' as const, detail: '', reconnects: 0 });
  const services: DeskServices<string> = {
    journal: rig.journal,
    documents: null as never,
    indicator: { ...device, health, show: () => true },
    clock,
    entropy: new SeededEntropy('rows'),
    logger: silentLogger,
    bootId,
    connection: () => ({ online: true, ackedSeq: null }),
    drafts,
    now: moment,
    verify: (raw, atMonoMs, at) => {
      const lookups = { ring: new ReplayRing(), deny: null, status: () => null, defect: () => {} };
      const context = { now: at, trust, limits: defaultLimits, cache: new CredentialCache() };
      return verifyCode(raw, atMonoMs, context, lookups);
    },
    later: () => {},
    written: () => {},
  };
  const did: string[] = [];
  const told: Shown[] = [];
  const world = { went: 'OK' as ReasonCode, durable: true };
  const desk = new StaffDesk<string>(
    { terminal: 'lane-1', site: 9, roles: ['gate'], presenceMs },
    {
      badgeInput: (_bearer, wasHere) => (wasHere ? 'again' : 'badge'),
      actInput: ({ word }) => (word === 'UNKNOWN' ? null : word),
      runNoted: async (input, at, noteOf) => {
        if (!world.durable) return false;
        const { record } = noteOf(world.went);
        await rig.journal.commit([drafts.draft(record.type, record.payload, at, record.evidence)]);
        if (input !== null) did.push(input);
        return true;
      },
      lamp: (cue) => cue,
      tell: (shown) => told.push(shown),
    },
    services,
  );
  const badge = StaffBadge.open(issuer, { roles: ['gate'], site: 9 }, now());
  const show = (code: string, atMonoMs: MonoMs = clock.monoMs()) =>
    desk.present({ scanner: 'reader', bytes: utf8(code), atMonoMs }, moment());
  const rows = async () =>
    (await rig.rows()).filter(({ payload }) => payload.trigger === 'staff').map(({ payload }) => payload);
  return { clock, desk, badge, show, rows, did, told, world, code: () => badge.code(now()) };
}

describe('a badge', () => {
  it("makes the acts of its seconds its bearer's, and none after them", async () => {
    const { clock, show, code, did, told, rows, badge } = await open();
    await show('ST-ACT:HOLD');
    expect(did).toEqual([]);
    await show(code());
    await clock.advance(presenceMs - 1);
    await show('ST-ACT:HOLD');
    await clock.advance(1);
    await show('ST-ACT:RESUME');
    expect(did).toEqual(['badge', 'HOLD']);
    expect(told.map(({ reason }) => reason)).toEqual(['BADGE_REQUIRED', 'BADGE_REQUIRED']);
    expect((await rows()).map(({ act, reason, detail, staff }) => [act, reason, detail, staff])).toEqual([
      ['decline', 'BADGE_REQUIRED', 'hold', undefined],
      ['badge', 'OK', 'gate', badge.staff],
      ['staff', 'OK', 'hold', badge.staff],
      ['decline', 'BADGE_REQUIRED', 'resume', undefined],
    ]);
  });

  it('counts for nothing where its row did not become durable', async () => {
    const { show, code, did, world } = await open();
    world.durable = false;
    await show(code());
    world.durable = true;
    await show('ST-ACT:HOLD');
    expect(did).toEqual([]);
  });

  it("shown again by the same bearer is told from another bearer's", async () => {
    const { clock, show, code, did } = await open();
    const other = StaffBadge.open(issuer, { roles: ['gate'], site: 9 }, secondsOf(clock.wallMs()));
    await show(code());
    await show(code());
    await show(other.code(secondsOf(clock.wallMs())));
    await show(code());
    await clock.advance(presenceMs);
    await show(code());
    expect(did).toEqual(['badge', 'again', 'badge', 'badge', 'badge']);
  });
});

describe('a code that stays before the reader', () => {
  it('is one showing, as long as it is read again within the time', async () => {
    const { clock, show, code, did } = await open();
    await show(code());
    for (let read = 0; read < 5; read++) {
      await show('ST-ACT:ADMIT:GROUP');
      await clock.advance(staffDeskLimits.sameReadMs - 1);
    }
    expect(did).toEqual(['badge', 'ADMIT']);
    await clock.advance(1);
    await show('ST-ACT:ADMIT:GROUP');
    expect(did).toEqual(['badge', 'ADMIT', 'ADMIT']);
  });
});

describe('what is refused', () => {
  it('is written with what the machine said, or that it does not know the act', async () => {
    const { show, code, world, rows } = await open();
    await show(code());
    world.went = 'SITE_FULL';
    await show('ST-ACT:ADMIT:GROUP');
    world.went = 'OK';
    await show('ST-ACT:UNKNOWN');
    await show('ST-ACT:not-one');
    expect((await rows()).slice(1).map(({ act, reason }) => [act, reason])).toEqual([
      ['staff', 'SITE_FULL'],
      ['staff', 'ACT_NOT_POSSIBLE'],
      ['decline', 'MALFORMED'],
    ]);
  });

  it('by the hundred grows the journal by a few rows, and the rest is counted a minute later', async () => {
    const { clock, show, rows, told } = await open();
    for (let scan = 0; scan < 100; scan++) await show(`SB1:${scan}`);
    expect(await rows()).toHaveLength(staffDeskLimits.badScansPerSecond);
    expect(told).toHaveLength(100);
    expect(told.filter(({ ref }) => ref !== null)).toHaveLength(staffDeskLimits.badScansPerSecond);
    await clock.advance(60_000);
    const counted = async () => (await rigs[0]?.rows())?.filter(({ payload }) => payload.act === 'declines') ?? [];
    await expect.poll(async () => (await counted()).length, { timeout: 30_000 }).toBe(1);
    expect((await counted())[0]?.payload).toMatchObject({ reason: 'MALFORMED', count: 95 });
  });

  it("is nobody else's code", async () => {
    const { show } = await open();
    expect(await show(issuer.ticket({ nbf: unixSeconds(0), exp: unixSeconds(9) }, 9, unixSeconds(0)))).toBe(
      'passenger',
    );
    expect(await show('https://example.org')).toBe('passenger');
    expect(await show('ST-ACT:HOLD', monoMs(1))).toBe('refused');
  });
});
