// A button for one act at a machine of the museum: what it says, what it does, and whether it is under way.
import type { ComponentChildren } from 'preact';
import type { MuseumAct } from '../museum-world.ts';
import type { Hands } from './hands.ts';

export interface ActButtonProps {
  readonly hands: Hands;
  readonly act: MuseumAct;
  /** Read out; names the machine, which the short words on the button do not. */
  readonly label: string;
  readonly look?: string;
  /** For what stays as it was put; left out for what is done once. */
  readonly pressed?: boolean;
  readonly children: ComponentChildren;
}

export function ActButton({ hands, act, label, look = '', pressed, children }: ActButtonProps) {
  const busy = hands.isBusy(act);
  return (
    <button
      type="button"
      class={`do ${look}`}
      title={label}
      aria-label={label}
      aria-pressed={pressed}
      aria-busy={busy}
      disabled={!hands.live || busy}
      onClick={() => hands.museum(act)}
    >
      {children}
    </button>
  );
}
