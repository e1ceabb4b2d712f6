// A driver on a bus whose trip waits for a badge, through real processes and lines.
import { afterEach, expect, it, vi } from 'vitest';
import { StaffBadge } from '../../simulators/wallet/staff-badge.ts';
import { BusRig } from '../fixtures/bus-rig.ts';

// Real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

let bus: BusRig;
afterEach(() => bus.close());

it('a driver begins the trip with a badge of the depot, ends it by an act, and nobody else does either', async () => {
  bus = await BusRig.open({ trip: { opens: 'driver', depot: 3 } });
  await bus.startHeadEnd();
  await bus.startTerminal();
  await bus.until('the fares', async () => (await bus.rows()).some(({ payload }) => payload.act === 'fares'));
  const issued = (bus.now() - 60) as ReturnType<BusRig['now']>;
  const driver = StaffBadge.open(bus.issuer, { roles: ['driver'], site: 3 }, issued);
  const visitor = StaffBadge.open(bus.issuer, { roles: ['gate'], site: 3 }, issued);
  const ride = () => bus.show(bus.wallet().freshCode(bus.now()));
  expect(await ride()).toMatchObject({ reason: 'OUT_OF_SERVICE' });
  expect(await bus.show(visitor.code(bus.now()))).toMatchObject({ reason: 'WRONG_ROLE' });
  expect(await bus.show('ST-ACT:TRIP-OPEN')).toMatchObject({ reason: 'BADGE_REQUIRED' });
  expect(await ride()).toMatchObject({ reason: 'OUT_OF_SERVICE' });
  expect(await bus.show(driver.code(bus.now()))).toMatchObject({ cue: 'staff', reason: 'OK' });
  expect(await ride()).toMatchObject({ cue: 'accepted' });
  // Shown again, a badge does not end a trip.
  expect(await bus.show(driver.code(bus.now()))).toMatchObject({ reason: 'OK' });
  expect(await ride()).toMatchObject({ cue: 'accepted' });
  expect(await bus.show('ST-ACT:TRIP-END')).toMatchObject({ reason: 'OK' });
  expect(await ride()).toMatchObject({ reason: 'OUT_OF_SERVICE' });
  const rows = (await bus.rows()).map(({ payload }) => payload);
  expect(rows.filter(({ act }) => act === 'trip').map(({ events }) => events?.[0]?.[1])).toEqual(['Started', 'Ended']);
  const acts = rows.filter(({ act }) => act === 'badge' || act === 'staff');
  expect(acts.map(({ act, detail, staff }) => [act, detail, staff])).toEqual([
    ['badge', 'driver', driver.staff],
    ['badge', 'driver', driver.staff],
    ['staff', 'trip-end', driver.staff],
  ]);
});
