// Staff at a guide cabinet, through real processes and lines: a badge from a phone, act codes from a printed sheet, and
// what each leaves in the journal.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { awayGuide, CabinetRig } from '../fixtures/cabinet-rig.ts';

// Real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

let hall: CabinetRig;
afterEach(() => hall.close());

const serving = async (): Promise<void> => {
  hall = await CabinetRig.open();
  await hall.startServing();
};
const accepted = { cue: 'accepted', reason: 'OK' };
const here = { cue: 'staff', reason: 'OK' };
const payloads = async (act: string) =>
  (await hall.rows()).map(({ payload }) => payload).filter((payload) => payload.act === act);

describe('staff of the cabinet', () => {
  it('open a slot, put it out of service meanwhile, and release it: one pulse, and a row for each act', async () => {
    await serving();
    const badge = hall.badge();
    expect(await hall.show('ST-ACT:OPEN:2')).toMatchObject({ reason: 'BADGE_REQUIRED' });
    expect(hall.cabinet.unlocks).toHaveLength(0);
    expect(await hall.show(badge.code(hall.now()))).toMatchObject(here);
    expect(await hall.show('ST-ACT:OPEN:3')).toMatchObject(here);
    expect(await hall.opened()).toBe(3);
    expect(await hall.slotKind(3)).toBe('LOCKED');
    expect(hall.cabinet.pushShut(3)).toBe(true);
    await hall.until('the end of the opening', async () =>
      (await hall.rows()).some(({ type, payload }) => type === 'OUTCOME' && payload.act === 'open'),
    );
    expect(await hall.show('ST-ACT:RELEASE:3')).toMatchObject(here);
    await hall.is(3, 'AVAILABLE');
    const [intent] = (await hall.rows()).filter(({ type }) => type === 'INTENT');
    expect(intent?.payload).toMatchObject({ act: 'open', slot: 3, staff: badge.staff });
    expect((await payloads('staff')).map(({ detail, reason, staff }) => [detail, reason, staff])).toEqual([
      ['open 3', 'OK', badge.staff],
      ['release 3', 'OK', badge.staff],
    ]);
    expect(await hall.noIntentMovedTwice()).toEqual({ intents: 1, unlocks: 1 });
    expect(await hall.show(hall.loanCode())).toMatchObject(accepted);
    await hall.takeOffered();
    await hall.everyRowArrivedOnce();
  });

  it('end a doubt by what they saw: taken, and the code is used up', async () => {
    await serving();
    const badge = hall.badge();
    const code = hall.loanCode();
    await hall.show(code);
    const slot = await hall.prompted('takeGuide');
    const [doubt] = await hall.outcomesAfter(0);
    expect(doubt?.payload).toMatchObject({ outcome: 'in_doubt' });
    expect(await hall.show(badge.code(hall.now()))).toMatchObject(here);
    expect(await hall.show(`ST-ACT:TAKEN:${slot === 1 ? 2 : 1}`)).toMatchObject({ reason: 'ACT_NOT_POSSIBLE' });
    expect(await hall.show(`ST-ACT:TAKEN:${slot}`)).toMatchObject({ reason: 'OK' });
    await hall.until('the end of the order', async () =>
      (await hall.rows()).some(({ payload }) =>
        payload.events?.some(([kind, , , ending]) => kind === 'order' && ending === 'done'),
      ),
    );
    expect(await hall.show(code)).toMatchObject({ reason: 'ALREADY_USED' });
    expect((await payloads('staff')).map(({ reason }) => reason)).toEqual(['ACT_NOT_POSSIBLE', 'OK']);
    expect(await hall.noIntentMovedTwice()).toEqual({ intents: 1, unlocks: 1 });
  });

  it('count the tags, and take a guide back over the counter', async () => {
    await serving();
    const badge = hall.badge();
    expect(await hall.show(badge.code(hall.now()))).toMatchObject(here);
    expect(await hall.show('ST-ACT:RECOUNT')).toMatchObject(here);
    expect(await payloads('recount')).toMatchObject([{ count: 0, staff: badge.staff }]);
    expect(await hall.show(`ST-ACT:RETURN:${awayGuide}`)).toMatchObject({ reason: 'OK' });
    const returned = (await payloads('return')).filter(({ item }) => item === awayGuide);
    expect(returned).toMatchObject([{ staff: badge.staff, incident: 'found_item' }]);
  });

  it('borrow nothing by their badge, and who is not of the cabinet does nothing at all', async () => {
    await serving();
    expect(await hall.show(hall.badge().code(hall.now()))).toMatchObject(here);
    expect(await hall.show('ST-ACT:BORROW')).toMatchObject({ reason: 'ACT_NOT_POSSIBLE' });
    expect(await hall.show(hall.badge({ roles: ['gate'] }).code(hall.now()))).toMatchObject({ reason: 'WRONG_ROLE' });
    expect(await hall.show(hall.badge({ site: 8 }).code(hall.now()))).toMatchObject({ reason: 'WRONG_SITE' });
    expect(hall.cabinet.unlocks).toHaveLength(0);
    expect(hall.cabinet.slots().filter(({ item }) => item !== null)).toHaveLength(4);
  });
});
