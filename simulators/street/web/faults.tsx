// What can be broken at one machine of the museum, each a button that stays pressed while it is broken.
import type { MachineSnapshot, MuseumAct } from '../museum-world.ts';
import { ActButton } from './act-button.tsx';
import type { Hands } from './hands.ts';
import { StateMark } from './shapes.tsx';
import { faults as words } from './strings.ts';

interface Fault {
  readonly name: keyof typeof words.names;
  readonly broken: boolean;
  readonly act: MuseumAct;
}

export function Faults({ machine, hands }: { readonly machine: MachineSnapshot; readonly hands: Hands }) {
  return (
    <fieldset class="faults" aria-label={words.group(machine.id)}>
      {faultsOf(machine).map(({ name, broken, act }) => (
        <ActButton
          key={name}
          hands={hands}
          act={act}
          pressed={broken}
          look={broken ? 'fault fault-broken' : 'fault'}
          label={`${words[broken ? 'mend' : 'break'][name]}: ${machine.id}`}
        >
          <StateMark good={!broken} />
          {words.names[name]}
        </ActButton>
      ))}
    </fieldset>
  );
}

function faultsOf({ id: terminal, process, network, reader, boardLine }: MachineSnapshot): readonly Fault[] {
  const [dead, cut, mute] = [process === 'dead', network === 'cut', boardLine === 'mute'];
  return [
    { name: 'terminal', broken: dead, act: { kind: dead ? 'restart' : 'kill', terminal } },
    { name: 'network', broken: cut, act: { kind: 'network', terminal, cut: !cut } },
    { name: 'reader', broken: !reader.plugged, act: { kind: 'reader', terminal, plugged: !reader.plugged } },
    { name: 'board', broken: mute, act: { kind: 'mute', terminal, on: !mute } },
  ];
}
