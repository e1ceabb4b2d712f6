// What a person at the page holds and can do: the chosen code, the acts, and where each reader is drawn.
import type { MuseumAct } from '../museum-world.ts';
import type { StreetAction } from '../world.ts';
import type { Choice } from './choice.ts';

export interface Hands {
  readonly live: boolean;
  readonly choice: Choice;
  isBusy(act: StreetAction | MuseumAct): boolean;
  act(action: StreetAction): void;
  museum(act: MuseumAct): void;
  /** Holds what is chosen before the reader of that machine. */
  show(terminal: string): void;
  /** Where the reader of a machine is on the page; null when it is gone. */
  place(terminal: string, element: HTMLElement | null): void;
}

export const actKey = (act: StreetAction | MuseumAct): string => (typeof act === 'string' ? act : JSON.stringify(act));
