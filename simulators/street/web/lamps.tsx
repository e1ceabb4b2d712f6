// Four lamps as the pins hold them, named as well as coloured.

import { SignShape } from './shapes.tsx';
import { type Board, type Lamp, type SignalTrack, signOf } from './signal.ts';
import { machineSigns, sound, validator as words } from './strings.ts';
import { useNow } from './ticking.ts';

const lamps: readonly Lamp[] = ['green', 'white', 'amber', 'red'];

export function Lamps({ lit }: { readonly lit: Board['lamp'] }) {
  return (
    <ul class="lamps" aria-label={words.lamps}>
      {lamps.map((lamp) => (
        <li key={lamp} class={lit[lamp] ? `lamp lamp-${lamp} lamp-lit` : `lamp lamp-${lamp}`}>
          <span class="bulb" aria-hidden="true" />
          {words.lamp[lamp]}
        </li>
      ))}
    </ul>
  );
}

/** What lamps and tone of a museum machine say, in shape and words. */
export function SmallSign({ track, running }: { readonly track: SignalTrack; readonly running: boolean }) {
  const sign = signOf(track, useNow(250));
  const title = sign === 'ready' && !running ? machineSigns.asleep : machineSigns[sign];
  return (
    <p class={`small-sign screen-${sign}`} data-sign={sign}>
      <SignShape sign={sign} />
      <span class="small-sign-words">
        {title}
        {track.tones ? <span class="small-sign-tones">{sound.tones(track.tones)}</span> : null}
      </span>
    </p>
  );
}
