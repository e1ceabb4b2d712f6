// The bus validator as its board's pins hold it: one big sign, the four lamps, the buzzer, the glass.
import type { RefObject } from 'preact';
import { SignShape, SoundWaves } from './shapes.tsx';
import { type Lamp, type Sign, type SignalTrack, signOf } from './signal.ts';
import { signs, sound, validator } from './strings.ts';
import { useNow, useSettled } from './ticking.ts';

export interface ValidatorProps {
  readonly track: SignalTrack;
  readonly plugged: boolean;
  readonly readerRef: RefObject<HTMLDivElement>;
}

/** A tone lasts 80 ms: long enough to hear, too short to see. */
const WAVES_MS = 450;
const SETTLE_MS = 250;
const lamps: readonly Lamp[] = ['green', 'white', 'amber', 'red'];

export function Validator({ track, plugged, readerRef }: ValidatorProps) {
  const now = useNow(250);
  const sign = signOf(track, now);
  return (
    <section class="validator" aria-label={validator.name}>
      <h2 class="part-name">{validator.name}</h2>
      <div class="body">
        <div class={`screen screen-${sign}`} data-sign={sign}>
          <SignShape sign={sign} />
          <p class="sign-title">{signs[sign].title}</p>
          <p class="sign-hint">{signs[sign].hint}</p>
        </div>
        <Lights track={track} now={now} />
        <div class={plugged ? 'glass' : 'glass glass-off'} ref={readerRef} data-reader>
          <span class="glass-name">{plugged ? validator.reader : validator.readerUnplugged}</span>
        </div>
      </div>
      <LastResult track={track} sign={sign} />
    </section>
  );
}

function Lights({ track: { board, tones, toneAtMs }, now }: { readonly track: SignalTrack; readonly now: number }) {
  const sounding = board.buzzer || (tones !== null && tones > 0 && now - toneAtMs < WAVES_MS);
  return (
    <div class="lights">
      <ul class="lamps" aria-label={validator.lamps}>
        {lamps.map((lamp) => (
          <li key={lamp} class={board.lamp[lamp] ? `lamp lamp-${lamp} lamp-lit` : `lamp lamp-${lamp}`}>
            <span class="bulb" aria-hidden="true" />
            {validator.lamp[lamp]}
          </li>
        ))}
      </ul>
      <div class="buzzer">
        <SoundWaves on={sounding} />
        <span>{sounding ? sound.on : sound.none}</span>
      </div>
    </div>
  );
}

/** The result stays readable after the lamp went dark, and is read out once it has settled. */
function LastResult({ track: { last }, sign }: { readonly track: SignalTrack; readonly sign: Sign }) {
  const words = last ? `${signs[last.sign].title}, ${toneWords(last.tones)}` : validator.noResult;
  const settled = useSettled(words, SETTLE_MS);
  return (
    <p class="last">
      <span>{validator.lastResult}</span>{' '}
      <strong class={last ? `last-${last.sign}` : ''} aria-live="polite" data-now={sign}>
        {settled}
      </strong>
    </p>
  );
}

const toneWords = (tones: number): string => (tones === 0 ? sound.none.toLowerCase() : sound.tones(tones));
