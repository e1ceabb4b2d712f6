// What the runner of stories asks of a machine, and what it sees of one.
import type { Bytes } from '../../core/bytes.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import type { MemoryJournal } from './memory-journal.ts';
import type { PowerAct, ScanAct, SensorAct, StaffAct } from './step-format.ts';

/** What a story sees of an effect: plain data. */
export type SeenEffect = { readonly kind: string } & Readonly<Record<string, unknown>>;
/** A pulse of the hardware: the slot of a cabinet, the direction of a gate. */
export type Moved = number | string;

/** All that the runner of stories asks of a machine, whichever it is. */
export interface Station {
  readonly name: string;
  readonly journal: MemoryJournal;
  readonly told: readonly Told[];
  readonly effects: readonly SeenEffect[];
  readonly moved: readonly Moved[];
  readonly cutsFired: number;
  readonly problems: readonly string[];
  /** How long until it has surely heard what was done to its devices; 0 where these have no drivers. */
  readonly hearsWithinMs: number;
  start(): void;
  scan(bytes: Bytes, act: ScanAct): void;
  sense(act: SensorAct): void;
  staff(act: StaffAct): void;
  networkChanged(): void;
  clockStepped(fromMs: number, toMs: number): void;
  /** What the machine finds when it starts again. */
  preparePower(act: PowerAct): void;
  powerCut(keepsClock: boolean): void;
  powerOff(): void;
  powerOn(): void;
  idle(): Promise<void>;
  counters(): Readonly<Record<string, number>>;
  view(): unknown;
  /** What must hold at the end of any story; one sentence for each law broken. */
  broken(): readonly string[];
}

export interface Told {
  readonly cue: string;
  readonly reason: ReasonCode;
  readonly ref: string | null;
}
