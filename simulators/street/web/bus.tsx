// The bus: its validator, what passengers, cheats and the operator do there, and what can be broken.
import type { StreetAction, StreetSnapshot } from '../world.ts';
import type { Hands } from './hands.ts';
import { StateMark } from './shapes.tsx';
import type { SignalTrack } from './signal.ts';
import { acts, areas, faults } from './strings.ts';
import { Validator } from './validator.tsx';

export interface BusProps {
  readonly snapshot: StreetSnapshot;
  readonly track: SignalTrack;
  readonly hands: Hands;
}

export function Bus({ snapshot, track, hands }: BusProps) {
  const { phone, terminal } = snapshot;
  const button = (action: StreetAction) => (
    <button
      key={action}
      type="button"
      class="act"
      title={acts[action].hint}
      aria-label={`${acts[action].label}: ${acts[action].hint}`}
      disabled={!hands.live || hands.isBusy(action)}
      aria-busy={hands.isBusy(action)}
      onClick={() => hands.act(action)}
    >
      {acts[action].label}
    </button>
  );
  return (
    <section class="area area-bus" id="bus" aria-label={areas.bus}>
      <h2>{areas.bus}</h2>
      <div class="machines">
        <section class="machine" data-machine={terminal.id}>
          <Validator snapshot={snapshot} track={track} hands={hands} />
          <div class="dos dos-two">
            {(['ride', 'hold', 'stale', 'forge', 'foreign'] as const).map(button)}
            {button(phone.denied ? 'pardon' : 'deny')}
          </div>
          <fieldset class="faults faults-bus" aria-label={faults.group(terminal.id)}>
            {faultsOf(snapshot).map(({ name, broken, action }) => (
              <button
                key={name}
                type="button"
                class={broken ? 'part-act fault fault-broken' : 'part-act fault'}
                title={acts[action].hint}
                aria-label={`${acts[action].label}: ${acts[action].hint}`}
                aria-pressed={broken}
                disabled={!hands.live || hands.isBusy(action)}
                onClick={() => hands.act(action)}
              >
                <StateMark good={!broken} />
                {faults.names[name]}
              </button>
            ))}
          </fieldset>
        </section>
      </div>
    </section>
  );
}

interface BusFault {
  readonly name: 'terminal' | 'network' | 'reader';
  readonly broken: boolean;
  readonly action: StreetAction;
}

function faultsOf({ terminal, network, reader }: StreetSnapshot): readonly BusFault[] {
  const [dead, cut] = [terminal.process === 'dead', network === 'cut'];
  return [
    { name: 'terminal', broken: dead, action: dead ? 'restart-terminal' : 'kill-terminal' },
    { name: 'network', broken: cut, action: cut ? 'restore-network' : 'cut-network' },
    { name: 'reader', broken: !reader.plugged, action: reader.plugged ? 'unplug-reader' : 'plug-reader' },
  ];
}
