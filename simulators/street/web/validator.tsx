// The bus validator as its board's pins hold it: one big sign, the four lamps, the buzzer, the glass.
import type { StreetSnapshot } from '../world.ts';
import { Glass } from './glass.tsx';
import type { Hands } from './hands.ts';
import { Lamps } from './lamps.tsx';
import { SignShape, SoundWaves } from './shapes.tsx';
import { type SignalTrack, signOf } from './signal.ts';
import { signs, sound, validator } from './strings.ts';
import { useNow, useSettled } from './ticking.ts';

export interface ValidatorProps {
  readonly snapshot: StreetSnapshot;
  readonly track: SignalTrack;
  readonly hands: Hands;
}

/** A tone lasts 80 ms: long enough to hear, too short to see. */
const WAVES_MS = 450;
const SETTLE_MS = 250;

export function Validator({ snapshot: { terminal, reader }, track, hands }: ValidatorProps) {
  const now = useNow(250);
  const sign = signOf(track, now);
  // A lamp that is dark is no promise while the process is dead, as the operating system says.
  const words = signs[sign === 'ready' && terminal.process !== 'running' ? 'asleep' : sign];
  return (
    <>
      <h3 class="machine-name">
        {validator.name} <span class="part-aside">{validator.drawn}</span>
      </h3>
      <div class="device device-bus">
        <div class={`screen screen-${sign}`} data-sign={sign}>
          <SignShape sign={sign} />
          <p class="sign-title">{words.title}</p>
          <p class="sign-hint">{words.hint}</p>
        </div>
        <Buzzer track={track} now={now} />
        <Lamps lit={track.board.lamp} />
        <Glass hands={hands} terminal={terminal.id} plugged={reader.plugged} />
      </div>
      <LastResult last={track.last} />
    </>
  );
}

function Buzzer({ track: { board, tones, toneAtMs }, now }: { readonly track: SignalTrack; readonly now: number }) {
  const sounding = board.buzzer || now - toneAtMs < WAVES_MS;
  return (
    <div class="buzzer">
      <SoundWaves on={sounding} />
      <span>{sounding && tones ? sound.tones(tones) : sound.none}</span>
    </div>
  );
}

/** The result stays readable after the lamp went dark, and is read out once it has settled. */
function LastResult({ last }: Pick<SignalTrack, 'last'>) {
  const settled = useSettled(last ? resultWords(last) : validator.noResult, SETTLE_MS);
  return (
    <p class="last">
      {validator.lastResult}{' '}
      <strong class={last ? `last-${last.sign}` : ''} aria-live="polite">
        {settled}
      </strong>
    </p>
  );
}

function resultWords({ sign, tones }: NonNullable<SignalTrack['last']>): string {
  const { title } = signs[sign];
  if (tones === null) return title;
  return `${title}, ${tones === 0 ? sound.none.toLowerCase() : sound.tones(tones)}`;
}
