// The mechanics of one slot: a bolt that a coil draws back and a spring drives home, a door that pops open, and whatever
// stands inside. No bytes here; the electronics look at it as sensors do.
import type { Clock } from '../../runtime/core/clock.ts';
import type { FaultList } from '../line/faults.ts';
import type { CabinetFault } from './cabinet-faults.ts';

export interface SimulatedItem {
  /** Tags it carries: one on a guide, none on a foreign object, two where somebody left one inside another. */
  readonly tags: readonly string[];
  /** 0..100; null for what has no battery. */
  readonly chargePercent: number | null;
}

/** reversed: in, but its tag and contacts face away; mouth: half in. */
export type Placement = 'in' | 'reversed' | 'mouth';

export interface SlotState {
  readonly slot: number;
  readonly locked: boolean;
  readonly doorOpen: boolean;
  readonly item: SimulatedItem | null;
  readonly placement: Placement | null;
}

export const itemNamed = (serial: string, chargePercent = 100): SimulatedItem => ({ tags: [serial], chargePercent });
export const foreignObject: SimulatedItem = { tags: [], chargePercent: null };

interface Content {
  readonly item: SimulatedItem;
  readonly placement: Placement;
  readonly sinceMs: number;
}

export interface SlotOptions {
  readonly slot: number;
  readonly clock: Clock;
  readonly faults: FaultList<CabinetFault>;
  readonly chargePercentPerMinute: number;
  readonly changed: () => void;
}

export class Slot {
  readonly #options: SlotOptions;
  #bolted = true;
  #doorOpen = false;
  #content: Content | null = null;

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  state(): SlotState {
    const { slot } = this.#options;
    const placement = this.#content?.placement ?? null;
    return { slot, locked: this.locked, doorOpen: this.#doorOpen, item: this.#item(), placement };
  }

  /** What the contact at the bolt says. */
  get locked(): boolean {
    return this.#bolted;
  }

  get present(): boolean {
    return this.#content !== null;
  }

  /** Tags in the field of the slot's antenna. */
  get tags(): readonly string[] {
    return this.#content?.placement === 'in' ? this.#content.item.tags : [];
  }

  /** What the contacts measure, 0..100; null when nothing touches them. */
  get chargePercent(): number | null {
    return this.#content?.placement === 'in' ? (this.#item()?.chargePercent ?? null) : null;
  }

  /** The coil pulls; true when the bolt moved. The door's spring does the rest. */
  pull(): boolean {
    if (this.#options.faults.fire('jam', this.#where)) return false;
    const moved = this.#bolted;
    this.#bolted = false;
    this.#doorOpen = true;
    this.#options.changed();
    return moved;
  }

  /** A person pushes the door; true when it caught. */
  pushShut(): boolean {
    if (!this.#doorOpen || this.#content?.placement === 'mouth') return false;
    if (this.#options.faults.fire('door-ajar', this.#where)) return false;
    this.#doorOpen = false;
    this.#bolted = this.#options.faults.fire('relay-stuck', this.#where) === null;
    this.#options.changed();
    return this.#bolted;
  }

  /** What a person lifts out; null when the door is shut or nothing is inside. */
  take(): SimulatedItem | null {
    const item = this.#doorOpen ? this.#item() : null;
    if (item) this.#hold(null);
    return item;
  }

  /** What a crowbar brings out; it leaves bolt and door as they are. */
  rob(): void {
    this.#hold(null);
  }

  /** False when the door is shut or something is inside. */
  put(item: SimulatedItem, placement: Placement): boolean {
    if (!this.#doorOpen || this.#content) return false;
    this.load(item, this.#options.faults.fire('half-in', this.#where) ? 'mouth' : placement);
    return true;
  }

  /** Filled by hand before the story begins, with the door shut. */
  load(item: SimulatedItem, placement: Placement): void {
    this.#hold({ item, placement, sinceMs: this.#options.clock.monoMs() });
  }

  get #where(): { readonly slot: number } {
    return { slot: this.#options.slot };
  }

  #hold(content: Content | null): void {
    this.#content = content;
    this.#options.changed();
  }

  /** The item as it is now: its charge rises only where it touches the contacts. */
  #item(): SimulatedItem | null {
    if (!this.#content) return null;
    const { item, placement, sinceMs } = this.#content;
    if (placement !== 'in' || item.chargePercent === null) return item;
    const { clock, chargePercentPerMinute } = this.#options;
    const gained = ((clock.monoMs() - sinceMs) / 60_000) * chargePercentPerMinute;
    return { ...item, chargePercent: Math.min(100, Math.floor(item.chargePercent + gained)) };
  }
}
