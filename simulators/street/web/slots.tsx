// The slots of a cabinet as their mechanics stand: each door shut or open, and the guide behind it.
import type { CabinetSnapshot, MuseumAct } from '../museum-world.ts';
import { ActButton } from './act-button.tsx';
import type { Hands } from './hands.ts';
import { slots as words } from './strings.ts';

type SlotSeen = CabinetSnapshot['slots'][number];

export function Slots({ cabinet, hands }: { readonly cabinet: CabinetSnapshot; readonly hands: Hands }) {
  return (
    <ul class="slots" aria-label={words.name(cabinet.id)}>
      {cabinet.slots.map((slot) => {
        const jammed = cabinet.jammed.includes(slot.slot);
        return (
          <li
            key={slot.slot}
            data-slot={slot.slot}
            data-door={slot.doorOpen ? 'open' : 'shut'}
            data-item={slot.item?.tags[0] ?? ''}
          >
            <ActButton
              hands={hands}
              act={actAt(cabinet.id, slot, jammed)}
              label={labelOf(slot, jammed)}
              look={`slot${slot.doorOpen ? ' slot-open' : ''}${jammed ? ' slot-jammed' : ''}`}
            >
              <span class={slot.item ? 'slot-item' : 'slot-item slot-empty'}>{slot.item?.tags[0] ?? ''}</span>
              <span class="slot-door">
                {slot.slot}
                {slot.item && <span class="slot-dot" aria-hidden="true" />}
              </span>
              {jammed && <span class="slot-jam">{words.jam}</span>}
            </ActButton>
          </li>
        );
      })}
    </ul>
  );
}

/** An open door invites to take or to put back; a shut one can only be made to jam. */
function actAt(cabinet: string, { slot, doorOpen, item }: SlotSeen, jammed: boolean): MuseumAct {
  if (!doorOpen) return { kind: 'jam', cabinet, slot, on: !jammed };
  return item ? { kind: 'take', cabinet, slot } : { kind: 'putBack', cabinet, slot, item: null };
}

function labelOf({ slot, doorOpen, item }: SlotSeen, jammed: boolean): string {
  const what = words.state(slot, doorOpen, item?.tags[0] ?? null, jammed);
  if (!doorOpen) return `${what} ${jammed ? words.unjamIt : words.jamIt}`;
  return `${what} ${item ? words.takeIt : words.putIt}`;
}
