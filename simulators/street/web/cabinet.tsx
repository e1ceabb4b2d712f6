// One guide cabinet: its doors and guides, the code on its screen, its lamps and its reader.
import type { CabinetSnapshot } from '../museum-world.ts';
import { ActButton } from './act-button.tsx';
import { CodePicture } from './code-picture.tsx';
import { Faults } from './faults.tsx';
import { Glass } from './glass.tsx';
import type { Hands } from './hands.ts';
import { Lamps, SmallSign } from './lamps.tsx';
import { Says } from './says.tsx';
import type { SignalTrack } from './signal.ts';
import { Slots } from './slots.tsx';
import { cabinet as words } from './strings.ts';
import { useFor } from './ticking.ts';

export interface CabinetProps {
  readonly cabinet: CabinetSnapshot;
  readonly track: SignalTrack;
  readonly hands: Hands;
}

/** What asks nothing more of anybody leaves the screen again. */
const PASSING_MS = 8_000;
const asking: ReadonlySet<string> = new Set(['takeGuide', 'closeDoor', 'openAgain', 'returnHere', 'turnRound']);

export function Cabinet({ cabinet, track, hands }: CabinetProps) {
  const { id, place, prompt, code, process } = cabinet;
  const running = process === 'running';
  return (
    <section class="machine" aria-label={words.name(id)} data-machine={id}>
      <h3 class="machine-name">
        {words.name(id)} <span class="part-aside">{place}</span>
      </h3>
      <div class="device">
        <Slots cabinet={cabinet} hands={hands} />
        <div class="cabinet-screen">
          {running && code ? <CodePicture code={code} modulePx={1} /> : <span class="no-code">{words.noCode}</span>}
          <p class="prompt" aria-live="polite">
            {running ? <Prompt prompt={prompt} /> : words.dark}
          </p>
        </div>
        <SmallSign track={track} running={running} />
        <Lamps lit={cabinet.lamp} />
        <Glass hands={hands} terminal={id} plugged={cabinet.reader.plugged} />
      </div>
      <Says machine={cabinet} />
      <div class="dos dos-two">
        <ActButton hands={hands} act={{ kind: 'pressReturn', cabinet: id }} label={words.returnHint(id)}>
          {words.returnKey}
        </ActButton>
        <ActButton hands={hands} act={{ kind: 'borrow', cabinet: id, by: 'phone' }} label={words.phoneHint(id)}>
          {words.phoneKey}
        </ActButton>
      </div>
      <Faults machine={cabinet} hands={hands} />
    </section>
  );
}

function Prompt({ prompt }: Pick<CabinetSnapshot, 'prompt'>) {
  const said = prompt ? promptWords(prompt) : words.idle;
  const passing = useFor(said, PASSING_MS);
  return <>{prompt && (asking.has(prompt.prompt) || passing) ? said : words.idle}</>;
}

function promptWords({ prompt, slot }: NonNullable<CabinetSnapshot['prompt']>): string {
  const said = words.prompts[prompt] ?? prompt;
  return slot === null ? said : `${said} (${words.slot(slot)})`;
}
