// The museum: the gate with its lanes and its fire contact, and the cabinets with the guides that somebody carries about.
import type { MuseumSnapshot } from '../museum-world.ts';
import { ActButton } from './act-button.tsx';
import { Cabinet } from './cabinet.tsx';
import type { Hands } from './hands.ts';
import { Lane } from './lane.tsx';
import type { SignalTrack } from './signal.ts';
import { areas, museum as words } from './strings.ts';

export interface MuseumProps {
  readonly museum: MuseumSnapshot;
  readonly tracks: ReadonlyMap<string, SignalTrack>;
  readonly hands: Hands;
}

export function Gate({ museum: { lanes, capacity }, tracks, hands }: MuseumProps) {
  const fire = lanes.some(({ barrier }) => barrier.fire);
  return (
    <section class="area area-gate" id="gate" aria-label={areas.gate}>
      <div class="area-head">
        <h2>{areas.gate}</h2>
        <p class="area-aside">{words.capacity(capacity)}</p>
      </div>
      <div class="machines">
        {lanes.map((lane) => {
          const track = tracks.get(lane.id);
          return track && <Lane key={lane.id} lane={lane} track={track} hands={hands} />;
        })}
      </div>
      <ActButton
        hands={hands}
        act={{ kind: 'fire', on: !fire }}
        pressed={fire}
        look={fire ? 'fire fire-on' : 'fire'}
        label={fire ? words.fireOff : words.fireOn}
      >
        {fire ? words.fireOffShort : words.fireOnShort}
      </ActButton>
    </section>
  );
}

export function Cabinets({ museum: { cabinets, carried }, tracks, hands }: MuseumProps) {
  return (
    <section class="area area-cabinets" id="cabinets" aria-label={areas.cabinets}>
      <div class="area-head">
        <h2>{areas.cabinets}</h2>
        <p class="area-aside carried">{words.carried(carried)}</p>
      </div>
      <div class="machines">
        {cabinets.map((cabinet) => {
          const track = tracks.get(cabinet.id);
          return track && <Cabinet key={cabinet.id} cabinet={cabinet} track={track} hands={hands} />;
        })}
      </div>
    </section>
  );
}
