// What a story wrote down of itself: its steps with their times and what each should come to, kills and outages. Whether
// it did is for the checker to say.
import { type Clock, sleep } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { monotonicUs } from './awaited.ts';

export interface ToldStep<Expected> {
  readonly name: string;
  readonly fromUs: number;
  readonly toUs: number;
  readonly expected: Expected;
}

/** What a step should come to at one machine of the museum. */
export interface MuseumExpected {
  readonly admitted?: number;
  readonly refused?: number;
  readonly dispensed?: number;
  readonly returned?: number;
}

export interface MuseumTold {
  readonly capacity: number;
  readonly fires: { readonly terminal: string; readonly fromUs: number; readonly toUs: number }[];
  readonly kills: { readonly terminal: string; readonly atUs: number; readonly fired: boolean }[];
  readonly steps: (ToldStep<MuseumExpected> & { readonly terminal: string })[];
}

/** A row of the step is written within this, on a loaded machine too. */
const settleMs = 1_000;

/** Plays a step at one machine and notes it in `told`. */
export async function playMuseumStep(
  { told, clock, say }: { readonly told: MuseumTold; readonly clock: Clock; readonly say: (line: string) => void },
  terminal: string,
  name: string,
  play: () => Promise<MuseumExpected>,
): Promise<void> {
  say(`${terminal}: ${name}`);
  const fromUs = monotonicUs();
  const expected = await play();
  await sleep(clock, 'tour-step', settleMs);
  told.steps.push({ name, terminal, fromUs, toUs: monotonicUs(), expected });
}

/** What never comes is for the checker to find: a story that ends in an error has no verdict. */
export async function unlessInVain(say: (line: string) => void, waiting: Promise<void>): Promise<void> {
  const problem = await waiting.then(() => null, messageOf);
  if (problem !== null) say(problem);
}

/** A moment that one story reaches and another waits for. */
export class Milestone {
  readonly reached: Promise<void>;
  #reach: () => void = () => {};

  constructor() {
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
  }

  reach(): void {
    this.#reach();
  }
}

/** The head end is stopped once in a tour; whoever wants to be online before, or offline then, meets the bus here. */
export class Outage {
  /** Nobody needs the head end any more. */
  readonly allowed = new Milestone();
  readonly begun = new Milestone();
  /** Everybody has been offline who wanted to. */
  readonly enough = new Milestone();
}
