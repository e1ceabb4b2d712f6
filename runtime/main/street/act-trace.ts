// What people and mechanics did at a museum machine, by the simulated mechanics alone: a line of JSON for each act.
import { appendFileSync, writeFileSync } from 'node:fs';
import type { SimulatedCabinet } from '../../../simulators/cabinet/simulated-cabinet.ts';
import type { SimulatedItem, SlotState } from '../../../simulators/cabinet/slot.ts';
import type { People } from '../../../simulators/gate/people.ts';
import { hex, utf8 } from '../../core/bytes.ts';

export interface SlotEvent {
  readonly slot: number;
  readonly event: 'opened' | 'taken' | 'returned' | 'closed' | 'jammed';
  /** The tag's text in UTF-8, hexadecimal. */
  readonly item: string | null;
}

type NowUs = () => number;

export function tracePassages(file: string, people: People, nowUs: NowUs): void {
  writeFileSync(file, '');
  people.acted.on((act) => append(file, { atUs: nowUs(), ...act }));
}

export function traceSlots(file: string, cabinet: SimulatedCabinet, nowUs: NowUs): void {
  writeFileSync(file, '');
  const note = (event: SlotEvent): void => append(file, { atUs: nowUs(), ...event });
  let before = cabinet.slots();
  cabinet.changed.on((after) => {
    for (const event of slotEvents(before, after)) note(event);
    before = after;
  });
  cabinet.unlocked.on(({ slot, moved }) => {
    const { locked, item } = cabinet.slot(slot);
    if (!moved && locked) note({ slot, event: 'jammed', item: tagOf(item) });
  });
}

/** What changed between two looks at the same slots. */
export function slotEvents(before: readonly SlotState[], after: readonly SlotState[]): readonly SlotEvent[] {
  return after.flatMap((now, at) => {
    const then = before[at];
    return then === undefined ? [] : changesOf(then, now);
  });
}

function changesOf(then: SlotState, now: SlotState): readonly SlotEvent[] {
  const events: SlotEvent[] = [];
  const { slot } = now;
  if (now.doorOpen && !then.doorOpen) events.push({ slot, event: 'opened', item: tagOf(now.item) });
  if (then.item && !now.item) events.push({ slot, event: 'taken', item: tagOf(then.item) });
  if (!then.item && now.item) events.push({ slot, event: 'returned', item: tagOf(now.item) });
  if (!now.doorOpen && then.doorOpen) events.push({ slot, event: 'closed', item: tagOf(now.item) });
  return events;
}

const tagOf = (item: SimulatedItem | null): string | null => {
  const [tag] = item?.tags ?? [];
  return tag === undefined ? null : hex(utf8(tag));
};

const append = (file: string, line: object): void => appendFileSync(file, `${JSON.stringify(line)}\n`);
