// The slots of a simulated cabinet as matter: items, latches and doors, moved by people and by pulses. The
// machine meets it only through this port, where drivers on real lines can stand in its place.
import type { MonoMs } from '../../core/brand.ts';
import type { Clock } from '../../core/clock.ts';
import type { CabinetInput } from '../../machines/cabinet/input.ts';
import type { SlotFacts } from '../../machines/cabinet/slot.ts';
import type { CabinetSetting, SlotDeed } from './machine-format.ts';

/** What a cabinet's machine and the people in front of it need of its hardware. */
export interface SlotDevice {
  readonly slots: number;
  readonly online: boolean;
  readonly canRelatch: boolean;
  setOnline(online: boolean): void;
  /** What the sensors of a slot say. Null: the machine hears of them by the device's own events. */
  sense(slot: number, atMonoMs: MonoMs): SlotFacts | null;
  /** One open pulse. False: nothing was sent. */
  pulse(slot: number): boolean;
  relatch(slot: number): void;
  /** Returns the slot that changed, null where nothing did. */
  act(deed: SlotDeed): number | null;
  /** The machine's power has come, or gone. */
  begin?(life: CabinetLife): void;
  end?(): void;
  /** Resolves when nothing is under way that costs no time of the story. */
  settled?(): Promise<void>;
  /** What the far end of the line felt is not what was ordered: one sentence for each. */
  problems?(ordered: number): readonly string[];
}

/** What a device needs of the machine that it serves, from one start to the next cut. */
export interface CabinetLife {
  readonly clock: Clock;
  /** How long the sensors say nothing after this start. */
  readonly silentMs: number;
  readonly input: (input: CabinetInput) => void;
}

interface Bay {
  item: string | null;
  wrongWay: boolean;
  locked: boolean;
  doorClosed: boolean;
  charge: number | null;
  jams: number;
  dumb: boolean;
  /** Said once. */
  fault: string | null;
}

export const standardCharge = { lent: 90, returned: 50 } as const;

export class CabinetBays implements SlotDevice {
  readonly #bays: readonly Bay[];
  online = true;
  readonly canRelatch: boolean;

  constructor(setting: CabinetSetting) {
    this.canRelatch = setting.canRelatch ?? true;
    this.#bays = setting.slots.map((slot) => ({
      item: slot?.item ?? null,
      wrongWay: false,
      locked: true,
      doorClosed: true,
      charge: slot === null ? null : (slot.charge ?? standardCharge.lent),
      jams: 0,
      dumb: false,
      fault: null,
    }));
  }

  get slots(): number {
    return this.#bays.length;
  }

  setOnline(online: boolean): void {
    this.online = online;
  }

  sense(slot: number, atMonoMs: MonoMs): SlotFacts {
    const bay = this.#bay(slot);
    const silent = { locked: null, doorClosed: null, present: null, tagId: null, chargePercent: null, fault: null };
    if (!this.online) return { slot, ...silent, atMonoMs };
    const { fault } = bay;
    bay.fault = null;
    return {
      slot,
      locked: bay.dumb ? true : bay.locked,
      doorClosed: bay.doorClosed,
      present: bay.item !== null,
      tagId: bay.wrongWay ? null : bay.item,
      chargePercent: bay.charge,
      fault,
      atMonoMs,
    };
  }

  pulse(slot: number): boolean {
    if (!this.online) return false;
    const bay = this.#bay(slot);
    if (bay.jams > 0) bay.jams--;
    else bay.locked = false;
    return true;
  }

  relatch(slot: number): void {
    const bay = this.#bay(slot);
    bay.locked = bay.doorClosed;
  }

  act(deed: SlotDeed): number | null {
    const bay = this.#bay(deed.slot);
    switch (deed.does) {
      case 'openDoor':
        if (bay.locked) return null;
        bay.doorClosed = false;
        break;
      case 'take':
      case 'fetch':
        if (bay.locked) return null;
        Object.assign(bay, { item: null, charge: null, wrongWay: false, doorClosed: false });
        if (deed.does === 'fetch') Object.assign(bay, { doorClosed: true, locked: true });
        break;
      case 'put': {
        const shut = deed.door !== 'open';
        const charge = deed.charge ?? standardCharge.returned;
        const item = deed.item ?? null;
        Object.assign(bay, { item, charge, wrongWay: deed.wrongWay ?? false, doorClosed: shut, locked: shut });
        break;
      }
      case 'closeDoor':
        Object.assign(bay, { doorClosed: true, locked: true });
        break;
      case 'turn':
        bay.wrongWay = false;
        break;
      case 'rob':
        Object.assign(bay, { item: null, charge: null });
        break;
      case 'set':
        if (deed.charge !== undefined) bay.charge = deed.charge;
        if (deed.jams !== undefined) bay.jams = deed.jams;
        if (deed.dumb !== undefined) bay.dumb = deed.dumb;
        break;
      case 'lockJam':
        bay.fault = 'lockJam';
        break;
      case 'clean':
      case 'damage':
        return null;
      default:
        deed.does satisfies never;
    }
    return deed.slot;
  }

  #bay(slot: number): Bay {
    const bay = this.#bays[slot - 1];
    if (bay === undefined) throw new RangeError(`there is no slot ${slot}`);
    return bay;
  }
}
