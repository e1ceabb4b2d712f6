// One gate lane: its barrier and people, its lamps, its reader, and what people there do.
import type { LaneSnapshot, passages } from '../museum-world.ts';
import { ActButton } from './act-button.tsx';
import { Faults } from './faults.tsx';
import { Glass } from './glass.tsx';
import type { Hands } from './hands.ts';
import { Lamps, SmallSign } from './lamps.tsx';
import { LanePicture } from './lane-picture.tsx';
import { Says } from './says.tsx';
import type { SignalTrack } from './signal.ts';
import { lane as words } from './strings.ts';

export interface LaneProps {
  readonly lane: LaneSnapshot;
  readonly track: SignalTrack;
  readonly hands: Hands;
}

const acts = Object.keys(words.does) as (typeof passages)[number][];

export function Lane({ lane, track, hands }: LaneProps) {
  const { id, kind } = lane;
  return (
    <section class="machine" aria-label={words.name(id)} data-machine={id}>
      <h3 class="machine-name">
        {words.name(id)} <span class="part-aside">{words.kinds[kind]}</span>
      </h3>
      <div class="device">
        <LanePicture lane={lane} />
        <SmallSign track={track} running={lane.process === 'running'} />
        <Lamps lit={lane.lamp} />
        <Glass hands={hands} terminal={id} plugged={lane.reader.plugged} />
      </div>
      <Says machine={lane} />
      <fieldset class="dos" aria-label={words.people(id)}>
        {acts.map((does) => (
          <ActButton
            key={does}
            hands={hands}
            act={{ kind: 'person', lane: id, does }}
            label={words.does[does].hint(id)}
          >
            {words.does[does].label}
          </ActButton>
        ))}
      </fieldset>
      <Faults machine={lane} hands={hands} />
    </section>
  );
}
