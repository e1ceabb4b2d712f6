// The phone in somebody's hand: what was chosen is shown by a tap, dragged onto any reader, or shown with Enter.
import { useRef, useState } from 'preact/hooks';
import type { StreetSnapshot } from '../world.ts';
import type { Choice } from './choice.ts';
import { CodePicture } from './code-picture.tsx';
import { covers, type Offset, useDrag } from './drag.ts';
import type { Hands } from './hands.ts';
import { offers, phone as words } from './strings.ts';
import { useNow } from './ticking.ts';

export interface PhoneProps {
  readonly phone: StreetSnapshot['phone'];
  readonly hands: Hands;
  /** What stands on the screen; null for the camera. */
  readonly code: string | null;
  readonly seenAtMs: number;
  /** The reader that a tap means. */
  readonly nearest: string;
  readonly placeOf: (terminal: string) => HTMLElement | null;
  readonly terminals: readonly string[];
  readonly onMiss: () => void;
}

const FLIGHT_MS = 420;
const MODULE_PX = 2;

export function Phone({ phone, hands, code, seenAtMs, nearest, placeOf, terminals, onMiss }: PhoneProps) {
  const { choice, live } = hands;
  const element = useRef<HTMLButtonElement>(null);
  const [flight, setFlight] = useState<Offset | null>(null);
  const drag = useDrag((dropped) => {
    const box = dropped.getBoundingClientRect();
    const under = terminals.filter((terminal) => covered(box, placeOf(terminal)) > 0);
    const [best] = under.sort((one, other) => covered(box, placeOf(other)) - covered(box, placeOf(one)));
    if (best === undefined) onMiss();
    else hands.show(best);
  });

  function tap(): void {
    if (drag.swallowsClick()) return;
    hands.show(nearest);
    setFlight(wayTo(element.current, placeOf(nearest)));
    setTimeout(() => setFlight(null), FLIGHT_MS);
  }

  const at = drag.offset ?? flight;
  const motion = drag.offset ? 'phone-held' : 'phone-free';
  return (
    <button
      type="button"
      ref={element}
      class={`phone ${motion}`}
      style={{ transform: at ? `translate(${at.x}px, ${at.y}px)` : '' }}
      disabled={!live || code === ''}
      aria-label={words.show(offers[choice].label, nearest)}
      onClick={tap}
      {...drag.handlers}
    >
      <span class="phone-top">
        <span>{offers[choice].label}</span>
        <span class="phone-account">{choice === 'ride' ? words.account(phone.account) : offers[choice].hint}</span>
      </span>
      {code === null ? <Camera /> : <CodePicture code={code} modulePx={MODULE_PX} />}
      {choice === 'ride' ? (
        <Countdown phone={phone} seenAtMs={seenAtMs} />
      ) : (
        <Still choice={choice} nearest={nearest} />
      )}
    </button>
  );
}

function Camera() {
  return (
    <span class="code">
      <svg class="camera" viewBox="0 0 96 96" aria-hidden="true">
        <path d="M10 30V16a6 6 0 0 1 6-6h14M66 10h14a6 6 0 0 1 6 6v14M86 66v14a6 6 0 0 1-6 6H66M30 86H16a6 6 0 0 1-6-6V66" />
        <path d="M30 30h14v14H30zM54 30h12v12H54zM30 54h12v12H30zM54 54h12v12H54z" />
      </svg>
    </span>
  );
}

function Still({ choice, nearest }: { readonly choice: Choice; readonly nearest: string }) {
  return (
    <span class="countdown">
      <span class="countdown-words">
        {words.tapMeans(nearest)}
        <span class="phone-hint">{choice === 'camera' ? words.cameraHint : words.hint}</span>
      </span>
    </span>
  );
}

function Countdown({ phone, seenAtMs }: Pick<PhoneProps, 'phone' | 'seenAtMs'>) {
  const leftMs = Math.max(0, phone.refreshesInMs - (useNow(250) - seenAtMs));
  const part = phone.refreshesEveryMs > 0 ? Math.min(1, leftMs / phone.refreshesEveryMs) : 0;
  return (
    <span class="countdown">
      <svg class="ring" viewBox="0 0 36 36" aria-hidden="true">
        <circle class="ring-back" cx="18" cy="18" r="15" pathLength={100} />
        <circle class="ring-left" cx="18" cy="18" r="15" pathLength={100} stroke-dasharray={`${part * 100} 100`} />
      </svg>
      <span class="countdown-words">
        {words.next(Math.ceil(leftMs / 1000))}
        <span class={phone.denied ? 'phone-hint phone-denied' : 'phone-hint'}>
          {phone.denied ? words.denied : words.hint}
        </span>
      </span>
    </span>
  );
}

/** Part of the smaller box that lies under the phone; 0 where that is too little to mean it. */
function covered(box: DOMRect, reader: HTMLElement | null): number {
  return reader ? covers(box, reader.getBoundingClientRect()) : 0;
}

function wayTo(phone: HTMLElement | null, reader: HTMLElement | null): Offset | null {
  if (!phone || !reader || matchMedia('(prefers-reduced-motion: reduce)').matches) return null;
  const from = phone.getBoundingClientRect();
  const to = reader.getBoundingClientRect();
  const part = 0.6;
  return {
    x: Math.round(part * (to.left + to.width / 2 - from.left - from.width / 2)),
    y: Math.round(part * (to.top + to.height / 2 - from.top - from.height / 2)),
  };
}
