// Slots behind their real driver: a lock board, and readers of tags and charge, over lines of memory with the simulated
// cabinet at their far end. People do what the story says at that end, and the machine hears of it as a terminal does: by
// the driver's events.
import { KerongCabinet, kerongDefaults } from '../../../devices/cabinet/kerong/kerong-cabinet.ts';
import { lockBusTimes } from '../../../devices/cabinet/kerong/lock-bus.ts';
import { cu16 } from '../../../devices/cabinet/protocol/kerong-cu16.ts';
import { isTag } from '../../../devices/cabinet/protocol/slot-line.ts';
import type { Cabinet } from '../../../devices/ports/cabinet.ts';
import { SimulatedCabinet } from '../../../simulators/cabinet/simulated-cabinet.ts';
import { itemNamed, type Placement, type SimulatedItem } from '../../../simulators/cabinet/slot.ts';
import type { DeviceEnd } from '../../../simulators/line/device-end.ts';
import type { Clock } from '../../core/clock.ts';
import { silentLogger } from '../../core/log.ts';
import { slotInput } from '../../terminal/cabinet/slot-inputs.ts';
import { type CabinetLife, type SlotDevice, standardCharge } from './cabinet-bays.ts';
import type { CabinetSetting, SlotDeed } from './machine-format.ts';
import { MemoryLines } from './memory-lines.ts';

const parts = ['locks', 'tags', 'charge'] as const;
type Part = (typeof parts)[number];
const pathOf = (part: Part): string => `memory:${part}`;
const baudRates = { locks: 19_200, tags: 115_200, charge: 115_200 } as const satisfies Record<Part, number>;

/** From taking a guide out to the door pushed shut: nobody is faster than the poll of an open lock. */
const handsMs = 500;
/** Whatever happened is known after a round over all charge contacts and two polls of the locks. */
export const slotsHearWithinMs = kerongDefaults.chargeRoundMs + lockBusTimes.idlePollMs + 2 * lockBusTimes.movingPollMs;

export class LineSlots implements SlotDevice {
  readonly slots: number;
  readonly #clock: Clock;
  readonly #lines: MemoryLines;
  readonly #ends: Readonly<Record<Part, DeviceEnd>>;
  /** Bytes that are on the line already are felt first: whatever is done to it waits for its turn. */
  readonly #cabinet: SimulatedCabinet;
  #driver: Cabinet | null = null;

  /** @throws RangeError for slots that no lock board has, and items whose serial no tag carries. */
  constructor(setting: CabinetSetting, clock: Clock) {
    this.slots = setting.slots.length;
    if (this.slots > cu16.locks) throw notOnLines(`${this.slots} slots`);
    if (setting.canRelatch === true) throw notOnLines('canRelatch');
    this.#clock = clock;
    this.#lines = new MemoryLines(clock);
    const line = (part: Part): DeviceEnd => this.#lines.line(pathOf(part));
    this.#ends = { locks: line('locks'), tags: line('tags'), charge: line('charge') };
    this.#cabinet = new SimulatedCabinet({
      slots: this.slots,
      lines: this.#ends,
      // A guide is charged as the story says, for as long as it says nothing else.
      chargePercentPerMinute: 0,
      nowUs: () => clock.monoMs() * 1_000,
      clock,
    });
    for (const [at, slot] of setting.slots.entries())
      if (slot !== null) this.#cabinet.load(at + 1, guide(slot.item, slot.charge ?? standardCharge.lent));
  }

  get online(): boolean {
    return this.#driver?.health().state === 'online';
  }

  get canRelatch(): boolean {
    return this.#driver?.canRelatch ?? false;
  }

  problems(ordered: number): readonly string[] {
    const felt = this.#cabinet.unlocks.length;
    return felt === ordered ? [] : [`the lock board felt ${felt} pulses, and ${ordered} were ordered`];
  }

  /** Starts the drivers of a machine whose power has come. */
  begin({ clock, silentMs, input }: CabinetLife): void {
    if (silentMs > 0) queueMicrotask(() => this.#fallSilent(silentMs));
    const line = (part: Part) => ({ path: pathOf(part), baudRate: baudRates[part] });
    const driver = new KerongCabinet({
      id: 'cabinet',
      locks: line('locks'),
      tags: line('tags'),
      charge: line('charge'),
      slots: this.slots,
      clock,
      log: silentLogger,
      open: this.#lines.open,
    });
    this.#driver = driver;
    driver.facts.on((facts) => input(slotInput(facts)));
    driver.start();
  }

  /** The machine's power has gone, and its drivers with it; latches and guides stay as they are. */
  end(): void {
    this.#driver = null;
    this.#lines.hostDied();
  }

  settled(): Promise<void> {
    return this.#lines.plugged();
  }

  setOnline(online: boolean): void {
    for (const part of parts) void (online ? this.#ends[part].replug() : this.#ends[part].unplug());
  }

  sense(): null {
    return null;
  }

  pulse(slot: number): boolean {
    return this.#driver?.unlock(slot) ?? false;
  }

  relatch(slot: number): void {
    this.#driver?.relatch(slot);
  }

  act(deed: SlotDeed): null {
    queueMicrotask(this.#workOf(deed));
    return null;
  }

  #workOf(deed: SlotDeed): () => void {
    const { slot, does } = deed;
    if (slot > this.slots) throw new RangeError(`there is no slot ${slot}`);
    switch (does) {
      case 'openDoor':
        // The spring behind the bolt has opened it, or nobody can.
        return () => {};
      case 'take':
        return () => void this.#cabinet.takeAndLeaveOpen(slot);
      case 'fetch':
        return this.#fetch(slot);
      case 'put':
        return this.#put(deed);
      case 'closeDoor':
        return () => void this.#cabinet.pushShut(slot);
      case 'turn':
        return () => this.#turn(slot);
      case 'set':
        return this.#set(deed);
      case 'rob':
        return () => this.#cabinet.rob(slot);
      case 'lockJam':
      case 'clean':
      case 'damage':
        throw notOnLines(`sensor.does ${does}`);
      default:
        return does satisfies never;
    }
  }

  /** In the dark no time passes. */
  #fetch(slot: number): () => void {
    const powered = this.#driver !== null;
    return () => {
      this.#cabinet.takeAndLeaveOpen(slot);
      if (powered) this.#clock.timer('hands', handsMs, () => this.#cabinet.pushShut(slot));
      else this.#cabinet.pushShut(slot);
    };
  }

  #put({ slot, item, charge, wrongWay, door }: SlotDeed): () => void {
    if (item === undefined) throw notOnLines('put without item');
    const brought = guide(item, charge ?? standardCharge.returned);
    const placement = wrongWay === true ? 'reversed' : 'in';
    if (door === 'open') return () => void this.#cabinet.putAndLeaveOpen(slot, brought, placement);
    return () => this.#push(slot, brought, placement);
  }

  #turn(slot: number): void {
    const { item, doorOpen } = this.#cabinet.slot(slot);
    if (item === null) return;
    if (doorOpen) this.#cabinet.turnRound(slot);
    else this.#cabinet.load(slot, item);
  }

  /** Through the door where it stands open; else through the mouth of the slot, past the latch, as docs/scenarios.md says. */
  #push(slot: number, item: SimulatedItem, placement: Placement): void {
    const { doorOpen, item: inside } = this.#cabinet.slot(slot);
    if (doorOpen) this.#cabinet.putBack(slot, item, placement);
    else if (inside === null) this.#cabinet.load(slot, item, placement);
  }

  #set({ slot, charge, jams, dumb }: SlotDeed): () => void {
    if (dumb !== undefined) throw notOnLines('sensor.dumb');
    return () => {
      const { item, placement } = this.#cabinet.slot(slot);
      if (charge !== undefined && item !== null && placement !== null)
        this.#cabinet.load(slot, { ...item, chargePercent: charge }, placement);
      if (jams === undefined) return;
      const { faults } = this.#cabinet;
      for (let old = faults.find('jam', { slot }); old !== null; old = faults.find('jam', { slot })) faults.remove(old);
      faults.add({ kind: 'jam', slot }, jams);
    };
  }

  #fallSilent(forMs: number): void {
    const { faults } = this.#cabinet;
    const mute = parts.map((part) => faults.add({ kind: 'gone', part }));
    this.#clock.timer('silent sensors', forMs, () => {
      for (const fault of mute) faults.remove(fault);
    });
  }
}

function guide(serial: string, charge: number): SimulatedItem {
  if (!isTag(serial)) throw notOnLines(`serial ${JSON.stringify(serial)}`);
  return itemNamed(serial, charge);
}

const notOnLines = (what: string): RangeError =>
  new RangeError(`${what}: no driver and no simulated cabinet does that`);
