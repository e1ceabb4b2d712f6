// The four parts a ride depends on: their state in words, and the one button that breaks or mends each.
import type { StreetAction, StreetSnapshot } from '../world.ts';
import { StateMark } from './shapes.tsx';
import { acts, strip } from './strings.ts';

export interface StripProps {
  readonly snapshot: StreetSnapshot;
  readonly busy: ReadonlySet<StreetAction>;
  readonly live: boolean;
  readonly onAct: (action: StreetAction) => void;
}

interface Part {
  readonly name: string;
  readonly state: string;
  /** Null while neither: on its way. */
  readonly good: boolean | null;
  readonly action: StreetAction;
}

export function Strip({ snapshot, busy, live, onAct }: StripProps) {
  return (
    <section class="strip" aria-label={strip.label}>
      {partsOf(snapshot).map(({ name, state, good, action }) => (
        <div key={name} class={`part part-${good ?? 'soon'}`}>
          <StateMark good={good} />
          <p class="part-words">
            <span class="part-label">{name}</span>
            <span class="part-state">{state}</span>
          </p>
          <button
            type="button"
            class="part-act"
            title={acts[action].hint}
            aria-label={`${acts[action].label}: ${name}. ${acts[action].hint}`}
            disabled={!live || busy.has(action)}
            onClick={() => onAct(action)}
          >
            {acts[action].label}
          </button>
        </div>
      ))}
    </section>
  );
}

const partsOf = (snapshot: StreetSnapshot): readonly Part[] => [
  terminalPart(snapshot.terminal),
  snapshot.reader.plugged
    ? { name: strip.reader, state: strip.plugged, good: true, action: 'unplug-reader' }
    : { name: strip.reader, state: strip.unplugged, good: false, action: 'plug-reader' },
  snapshot.network === 'up'
    ? { name: strip.network, state: strip.up, good: true, action: 'cut-network' }
    : { name: strip.network, state: strip.cut, good: false, action: 'restore-network' },
  snapshot.headEnd === 'running'
    ? { name: strip.headEnd, state: strip.headEndRunning, good: true, action: 'stop-headend' }
    : { name: strip.headEnd, state: strip.headEndStopped, good: false, action: 'start-headend' },
];

function terminalPart({ process, pid }: StreetSnapshot['terminal']): Part {
  const name = strip.terminal;
  if (process === 'running') return { name, state: strip.running(pid), good: true, action: 'kill-terminal' };
  return process === 'starting'
    ? { name, state: strip.starting, good: null, action: 'kill-terminal' }
    : { name, state: strip.dead, good: false, action: 'restart-terminal' };
}
