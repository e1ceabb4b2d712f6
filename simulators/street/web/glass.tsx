// The glass of a reader: what is chosen on the phone is dropped here, or shown here by a press.
import { useCallback } from 'preact/hooks';
import type { Hands } from './hands.ts';
import { offers, glass as words } from './strings.ts';

export interface GlassProps {
  readonly hands: Hands;
  readonly terminal: string;
  readonly plugged: boolean;
}

export function Glass({ hands, terminal, plugged }: GlassProps) {
  const { live, choice, place, show } = hands;
  const ref = useCallback((element: HTMLElement | null) => place(terminal, element), [place, terminal]);
  return (
    <button
      type="button"
      ref={ref}
      class={plugged ? 'glass' : 'glass glass-off'}
      data-reader={terminal}
      disabled={!live}
      aria-label={words.show(offers[choice].label, terminal, plugged)}
      onClick={() => show(terminal)}
    >
      <span>{plugged ? words.reader : words.unplugged}</span>
      <span class="glass-hint">{words.hint(offers[choice].label)}</span>
    </button>
  );
}
