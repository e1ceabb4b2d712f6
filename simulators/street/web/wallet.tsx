// The phone and what can be put on its screen: the passenger's ride code, a visitor's codes, or its camera.
import type { StreetSnapshot } from '../world.ts';
import { ActButton } from './act-button.tsx';
import type { Choice } from './choice.ts';
import type { Hands } from './hands.ts';
import { Phone } from './phone.tsx';
import { nearestReader } from './readers.ts';
import { offers, phone as words } from './strings.ts';

export interface WalletProps {
  readonly snapshot: StreetSnapshot;
  readonly hands: Hands;
  readonly seenAtMs: number;
  readonly placeOf: (terminal: string) => HTMLElement | null;
  readonly onChoose: (choice: Choice) => void;
  readonly onMiss: () => void;
}

export function Wallet({ snapshot, hands, seenAtMs, placeOf, onChoose, onMiss }: WalletProps) {
  const { museum, phone, terminal } = snapshot;
  const { choice } = hands;
  const choices: readonly Choice[] = museum ? ['ride', ...museum.offers.map(({ kind }) => kind), 'camera'] : ['ride'];
  const machines = museum ? [...museum.lanes, ...museum.cabinets] : [];
  return (
    <section class="wallet" id="phone" aria-label={words.name}>
      <h2 class="part-name wallet-name">{words.name}</h2>
      <Phone
        phone={phone}
        hands={hands}
        code={codeOf(snapshot, choice)}
        seenAtMs={seenAtMs}
        nearest={nearestReader(choice, terminal.id)}
        placeOf={placeOf}
        terminals={[terminal.id, ...machines.map(({ id }) => id)]}
        onMiss={onMiss}
      />
      {museum && (
        <fieldset class="choices">
          <legend class="part-name">{words.choose}</legend>
          {choices.map((one) => (
            <label key={one} class="choice" title={offers[one].hint}>
              <input type="radio" name="choice" checked={one === choice} onChange={() => onChoose(one)} />
              <span>{offers[one].label}</span>
            </label>
          ))}
        </fieldset>
      )}
      {choice !== 'ride' && choice !== 'camera' && (
        <ActButton hands={hands} act={{ kind: 'buy', offer: choice }} look="buy" label={words.another}>
          {words.another}
        </ActButton>
      )}
    </section>
  );
}

export function codeOf({ museum, phone }: StreetSnapshot, choice: Choice): string | null {
  if (choice === 'camera') return null;
  if (choice === 'ride') return phone.code;
  return museum?.offers.find(({ kind }) => kind === choice)?.code ?? '';
}
