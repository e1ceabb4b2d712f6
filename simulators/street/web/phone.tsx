// The phone in the passenger's hand: a rotating code that is tapped, dragged, or shown with Enter.
import type { RefObject } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { StreetSnapshot } from '../world.ts';
import { covers, type Offset, useDrag } from './drag.ts';
import { drawQr } from './qr-picture.ts';
import { phone as words } from './strings.ts';
import { useNow } from './ticking.ts';

export interface PhoneProps {
  readonly phone: StreetSnapshot['phone'];
  readonly seenAtMs: number;
  readonly live: boolean;
  readonly readerRef: RefObject<HTMLDivElement>;
  readonly onPresent: (code: string) => void;
  readonly onMiss: () => void;
}

const FLIGHT_MS = 420;
/** Whole pixels keep every module the same width. */
const MODULE_PX = 3;

export function Phone({ phone, seenAtMs, live, readerRef, onPresent, onMiss }: PhoneProps) {
  const element = useRef<HTMLButtonElement>(null);
  const [flight, setFlight] = useState<Offset | null>(null);
  const drag = useDrag((dropped) => {
    const reader = readerRef.current;
    if (reader && covers(dropped.getBoundingClientRect(), reader.getBoundingClientRect())) onPresent(phone.code);
    else onMiss();
  });

  function tap(): void {
    if (drag.swallowsClick()) return;
    onPresent(phone.code);
    setFlight(wayTo(element.current, readerRef.current));
    setTimeout(() => setFlight(null), FLIGHT_MS);
  }

  const at = drag.offset ?? flight;
  const motion = drag.offset ? 'phone-held' : 'phone-free';
  return (
    <section class="phone-part" aria-label={words.name}>
      <h2 class="part-name">{words.name}</h2>
      <button
        type="button"
        ref={element}
        class={`phone ${motion}`}
        style={{ transform: at ? `translate(${at.x}px, ${at.y}px)` : '' }}
        disabled={!live || phone.code === ''}
        aria-label={words.show}
        onClick={tap}
        {...drag.handlers}
      >
        <span class="phone-top">
          <span>{words.app}</span>
          <span class="phone-account">{words.account(phone.account)}</span>
        </span>
        <Code code={phone.code} />
        <Countdown phone={phone} seenAtMs={seenAtMs} />
      </button>
    </section>
  );
}

function Code({ code }: { readonly code: string }) {
  const picture = useMemo(() => drawQr(code), [code]);
  if (code === '' || !picture) return <span class="code">{code === '' ? words.noCode : words.tooLong}</span>;
  return (
    <span class="code">
      <svg
        viewBox={`0 0 ${picture.side} ${picture.side}`}
        width={picture.side * MODULE_PX}
        height={picture.side * MODULE_PX}
        shape-rendering="crispEdges"
        data-version={picture.version}
        aria-hidden="true"
      >
        <path d={picture.path} />
      </svg>
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
