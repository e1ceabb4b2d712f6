// Staff at a gate lane, through real processes and lines: a badge from a phone, act codes from a printed sheet, and
// what each leaves in the journal.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { equal } from '../../runtime/core/bytes.ts';
import { concession, GateRig, type GateRigOptions } from '../fixtures/gate-rig.ts';

// Real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

let lane: GateRig;
afterEach(() => lane.close());

const serving = async (options: GateRigOptions = {}): Promise<void> => {
  lane = await GateRig.open(options);
  await lane.startServing();
};
const accepted = { cue: 'accepted', reason: 'OK' };
const here = { cue: 'staff', reason: 'OK' };
const payloads = async (...acts: readonly string[]) =>
  (await lane.rows()).map(({ payload }) => payload).filter(({ act }) => acts.includes(act));

describe('staff of the gate', () => {
  it('open the lane again after a fire, once it is over and not before', async () => {
    await serving();
    const badge = lane.badge();
    lane.barrier.setFire(true);
    await lane.until('the fire row', async () => (await lane.incidents()).includes('fire'));
    await lane.until('the arrows', () => lane.answers.at(-1)?.cue === 'emergency');
    // The arrows to the exit stay, whoever comes.
    expect(await lane.show(badge.code(lane.now()))).toMatchObject({ cue: 'emergency', reason: 'OK' });
    expect(await lane.show(lane.badge({ roles: ['driver'] }).code(lane.now()))).toMatchObject({
      cue: 'emergency',
      reason: 'WRONG_ROLE',
    });
    expect(await lane.show(lane.ticket())).toMatchObject({ cue: 'emergency' });
    lane.barrier.setFire(false);
    await lane.until('the end of the fire', async () => (await payloads('fireReset')).length > 0);
    expect(await lane.show(badge.code(lane.now()))).toMatchObject(here);
    await lane.until('the question how many are inside', () => lane.alarms.includes('recount'));
    const [cleared] = await payloads('fireCleared');
    expect(cleared).toMatchObject({ trigger: 'staff', staff: badge.staff });
    expect(await lane.show('ST-ACT:RECOUNT:0')).toMatchObject(here);
    await lane.locked();
    // The contact that says so is debounced, and the lane gives no pulse before it.
    await pause(2_000);
    expect(await lane.show(lane.ticket())).toMatchObject(accepted);
    expect(await lane.people.walk('entry')).toBe('passed');
    expect(await lane.outcomesOnce(1)).toEqual(['passed']);
    expect(await lane.noIntentMovedTwice()).toEqual({ intents: 1, pulses: 1 });
    await lane.everyRowArrivedOnce();
  });

  it('let people in by hand with a reason, and the same badge shown again ends it', async () => {
    await serving();
    const badge = lane.badge();
    expect(await lane.show(badge.code(lane.now()))).toMatchObject(here);
    expect(await lane.show(lane.ticket())).toMatchObject({ reason: 'OUT_OF_SERVICE' });
    expect(await lane.show('ST-ACT:ADMIT:SCHOOL-GROUP')).toMatchObject(accepted);
    expect(await lane.people.walk('entry')).toBe('passed');
    expect(await lane.outcomesOnce(1)).toEqual(['passed']);
    const [intent] = await lane.intents();
    expect(intent?.payload).toMatchObject({ staff: badge.staff, cause: 'school-group' });
    await lane.locked();
    expect(await lane.show(badge.code(lane.now()))).toMatchObject(here);
    expect((await payloads('manual')).map(({ detail }) => detail)).toEqual(['begin', 'end']);
    expect(await lane.show('ST-ACT:ADMIT:ONE-MORE')).toMatchObject({ reason: 'ACT_NOT_POSSIBLE' });
    expect((await payloads('staff')).map(({ detail, reason }) => [detail, reason])).toEqual([
      ['admit SCHOOL-GROUP', 'OK'],
      ['admit ONE-MORE', 'ACT_NOT_POSSIBLE'],
    ]);
    expect((await payloads('staff', 'badge')).every(({ staff }) => staff && equal(staff, badge.staff))).toBe(true);
    expect(await lane.show(lane.ticket())).toMatchObject(accepted);
    expect(await lane.people.walk('entry')).toBe('passed');
    expect(await lane.noIntentMovedTwice()).toEqual({ intents: 2, pulses: 2 });
  });

  it('pass over the proof that a concession asks for, with a reason that is kept', async () => {
    await serving();
    const badge = lane.badge();
    expect(await lane.show(lane.ticket({ product: concession }))).toMatchObject({ reason: 'PROOF_REQUIRED' });
    expect(await lane.show('ST-ACT:OVERRIDE:STUDENT-CARD')).toMatchObject({ reason: 'BADGE_REQUIRED' });
    expect(lane.pulses).toHaveLength(0);
    expect(await lane.show(badge.code(lane.now()))).toMatchObject(here);
    await pause(3_200);
    expect(await lane.show('ST-ACT:OVERRIDE:STUDENT-CARD')).toMatchObject(accepted);
    expect(await lane.people.walk('entry')).toBe('passed');
    expect(await lane.outcomesOnce(1)).toEqual(['passed']);
    const [intent] = await lane.intents();
    expect(intent?.payload).toMatchObject({ staff: badge.staff, cause: 'student-card', product: concession });
    const refusedAct = (await payloads('decline')).find(({ reason }) => reason === 'BADGE_REQUIRED');
    expect(refusedAct).toMatchObject({ detail: 'override STUDENT-CARD', trigger: 'staff' });
  });

  it('hold the lane and let it go on', async () => {
    await serving();
    const badge = lane.badge();
    for (const [act, told] of [['HOLD', { reason: 'SITE_FULL' }] as const, ['RESUME', accepted] as const]) {
      expect(await lane.show(badge.code(lane.now()))).toMatchObject(here);
      expect(await lane.show(`ST-ACT:${act}`)).toMatchObject(here);
      expect(await lane.show(badge.code(lane.now()))).toMatchObject(here);
      expect(await lane.show(lane.ticket())).toMatchObject(told);
    }
    const rows = await payloads('hold', 'resume');
    expect(rows.map(({ act, trigger }) => [act, trigger])).toEqual([
      ['hold', 'staff'],
      ['resume', 'staff'],
    ]);
  });
});

describe('a badge that opens nothing', () => {
  it('is expired, of another site, of another role, photographed, shown before, or called back: each says which', async () => {
    await serving();
    const badge = lane.badge();
    const code = badge.code(lane.now());
    expect(await lane.show(code)).toMatchObject(here);
    // Out of manual mode again.
    expect(await lane.show(badge.code(lane.now()))).toMatchObject(here);
    await pause(3_200);
    const shown = async (text: string) => {
      // Above five refusals a second there is no row for each.
      await pause(400);
      return lane.show(text);
    };
    const showing = (of: ReturnType<GateRig['badge']>) => shown(of.code(lane.now()));
    const reasons = [
      await shown(code),
      await showing(lane.badge({}, 9 * 3_600)),
      await showing(lane.badge({ site: 8 })),
      await showing(lane.badge({ terminal: 'lane-2' })),
      await showing(lane.badge({ roles: ['driver'] })),
      await shown(lane.badge().code((lane.now() - 45) as ReturnType<GateRig['now']>)),
    ].map(({ reason }) => reason);
    expect(reasons).toEqual(['REPLAYED', 'CREDENTIAL_EXPIRED', 'WRONG_SITE', 'WRONG_SITE', 'WRONG_ROLE', 'STALE_CODE']);
    const lost = lane.badge();
    const denials = async () => (await payloads('deny')).length;
    const before = await denials();
    await lane.headEnd?.headEnd.denyAccount(lane.issuer.iss, lost.staff);
    await lane.until('the new deny list', async () => (await denials()) > before);
    expect(await showing(lost)).toMatchObject({ reason: 'DENIED' });
    const rows = (await payloads('decline')).filter(({ format }) => format === 'sb1');
    expect(rows.map(({ reason }) => reason)).toEqual([...reasons, 'DENIED']);
    expect(rows.map(({ staff }) => staff !== undefined)).toEqual([false, false, true, true, true, false, true]);
    expect((await payloads('manual')).map(({ detail }) => detail)).toEqual(['begin', 'end']);
    expect(lane.pulses).toHaveLength(0);
  });

  it('shown by somebody who leaves lets them leave all the same', async () => {
    await serving({ reader: 'exit' });
    await lane.scanner.show(lane.badge({ roles: ['driver'] }).code(lane.now()));
    expect(await lane.people.walk('exit')).toBe('passed');
    expect(await lane.outcomesOnce(1)).toEqual(['passed']);
    const rows = await payloads('decline');
    expect(rows.map(({ reason }) => reason)).toEqual(['WRONG_ROLE']);
  });
});

const pause = (forMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, forMs));
