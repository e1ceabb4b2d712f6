// The bus validator as its board's pins hold it: one big sign, the four lamps, the buzzer, the glass.
import type { RefObject } from 'preact';
import { SignShape, SoundWaves } from './shapes.tsx';
import { type Board, type Lamp, type SignalTrack, signOf } from './signal.ts';
import { signs, sound, validator } from './strings.ts';
import { useNow, useSettled } from './ticking.ts';

export interface ValidatorProps {
  readonly track: SignalTrack;
  readonly plugged: boolean;
  /** The terminal's process lives, as the operating system says. */
  readonly running: boolean;
  readonly readerRef: RefObject<HTMLDivElement>;
}

/** A tone lasts 80 ms: long enough to hear, too short to see. */
const WAVES_MS = 450;
const SETTLE_MS = 250;
const lamps: readonly Lamp[] = ['green', 'white', 'amber', 'red'];

export function Validator({ track, plugged, running, readerRef }: ValidatorProps) {
  const now = useNow(250);
  const sign = signOf(track, now);
  const words = signs[sign === 'ready' && !running ? 'asleep' : sign];
  return (
    <section class="validator" aria-label={validator.name}>
      <h2 class="part-name">
        {validator.name}, <span class="part-aside">{validator.drawn}</span>
      </h2>
      <div class="body">
        <div class={`screen screen-${sign}`} data-sign={sign}>
          <SignShape sign={sign} />
          <p class="sign-title">{words.title}</p>
          <p class="sign-hint">{words.hint}</p>
        </div>
        <Lamps lit={track.board.lamp} />
        <div class="front">
          <div class={plugged ? 'glass' : 'glass glass-off'} ref={readerRef}>
            {plugged ? validator.reader : validator.readerUnplugged}
          </div>
          <Buzzer track={track} now={now} />
        </div>
      </div>
      <LastResult last={track.last} />
    </section>
  );
}

function Lamps({ lit }: { readonly lit: Board['lamp'] }) {
  return (
    <ul class="lamps" aria-label={validator.lamps}>
      {lamps.map((lamp) => (
        <li key={lamp} class={lit[lamp] ? `lamp lamp-${lamp} lamp-lit` : `lamp lamp-${lamp}`}>
          <span class="bulb" aria-hidden="true" />
          {validator.lamp[lamp]}
        </li>
      ))}
    </ul>
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
