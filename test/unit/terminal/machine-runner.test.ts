// The order around a commit: nothing before it, the person first after it, and the terminal's own notes whatever
// became of the effects.
import { describe, expect, it } from 'vitest';
import type { Indicator } from '../../../devices/ports/indicator.ts';
import { monoMs } from '../../../runtime/core/brand.ts';
import { silentLogger } from '../../../runtime/core/log.ts';
import type { Moment } from '../../../runtime/core/trusted-time.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import type { CommonEffect } from '../../../runtime/machines/shared/effects.ts';
import { BusinessCalendar } from '../../../runtime/records/business-day.ts';
import type { Journal, StoredRow } from '../../../runtime/store/journal.ts';
import { EvidenceKeeper } from '../../../runtime/terminal/evidence-keeper.ts';
import { type Machine, MachineRunner } from '../../../runtime/terminal/machine-runner.ts';
import { RowDrafts } from '../../../runtime/terminal/row-drafts.ts';

type Effect = CommonEffect<never> | { readonly kind: 'move' };
const accepted: Effect = {
  kind: 'signal',
  cue: 'accepted',
  reason: 'OK',
  reference: null,
  fare: null,
  time: null,
  place: null,
  waitMinutes: null,
  ride: Uint8Array.of(1),
};
const row = { epoch: 1, seq: 7, ref: 'ABCDEF', type: 'DECISION', day: '2026-01-01' } as StoredRow;

function runner(move: () => void, disk: (clock: VirtualClock) => Promise<unknown> = async () => {}) {
  const order: string[] = [];
  const clock = new VirtualClock();
  const machine: Machine<string, string, { moment: Moment }, never, { kind: 'move' }> = {
    initial: 'start',
    step: (state, input) => ({
      state: input === 'ride' ? 'ridden' : state,
      effects: input === 'ride' ? [accepted, { kind: 'move' }] : [],
      records: input === 'ride' ? [{ type: 'DECISION', payload: { act: 'ride' }, evidence: null }] : [],
      projections: [],
    }),
    ignored: () => 0,
    timerInput: (name) => name,
    committedInput: () => {
      order.push('placed');
      return null;
    },
    signalledInput: () => {
      order.push('signalled');
      return null;
    },
  };
  const commit = async () => {
    order.push('asked');
    await disk(clock);
    order.push('durable');
    return [row];
  };
  const show = (cue: string) => {
    order.push(cue);
    return true;
  };
  const made = new MachineRunner(machine, {
    journal: { commit } as unknown as Journal,
    indicator: { show } as unknown as Indicator,
    clock,
    logger: silentLogger,
    drafts: new RowDrafts(new BusinessCalendar('UTC'), new EvidenceKeeper(clock)),
    later: () => {},
    written: () => order.push('written'),
    perform: () => {
      order.push('moved');
      move();
    },
  });
  const moment = { monoMs: monoMs(0), wallMs: clock.wallMs() } as Moment;
  return { order, clock, ride: () => made.run('ride', { moment }), state: () => made.state };
}

describe('a commit', () => {
  it('comes before every effect, and effects before what the terminal notes', async () => {
    const { order, ride } = runner(() => {});
    expect(await ride()).toBe(true);
    expect(order).toEqual(['asked', 'durable', 'accepted', 'moved', 'written', 'placed', 'signalled']);
  });

  it('is noted also when an effect fails', async () => {
    const { order, ride, state } = runner(() => {
      throw new Error('defect');
    });
    await expect(ride()).rejects.toThrow('defect');
    expect(state()).toBe('ridden');
    expect(order.slice(-3)).toEqual(['written', 'placed', 'signalled']);
  });
});

describe('a commit that a disk holds up', () => {
  const heldFor = (byMs: number) => (clock: VirtualClock) =>
    new Promise((resolve) => clock.timer('disk', byMs, () => resolve(null)));

  it('shows wait after 0.4 s, and the final cue only when it is durable', async () => {
    const { order, clock, ride } = runner(() => {}, heldFor(2_000));
    const riding = ride();
    await clock.advance(399);
    expect(order).toEqual(['asked']);
    await clock.advance(1);
    expect(order).toEqual(['asked', 'wait']);
    await clock.advance(1_599);
    expect(order).toEqual(['asked', 'wait']);
    await clock.advance(1);
    expect(await riding).toBe(true);
    expect(order.slice(0, 4)).toEqual(['asked', 'wait', 'durable', 'accepted']);
  });

  it('shows no wait for one that is durable sooner', async () => {
    const { order, clock, ride } = runner(() => {}, heldFor(300));
    const riding = ride();
    await clock.advance(300);
    expect(await riding).toBe(true);
    await clock.advance(1_000);
    expect(order).not.toContain('wait');
  });
});
