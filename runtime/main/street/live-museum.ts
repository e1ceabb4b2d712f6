// The museum behind the page: acts of visitors on the real machines, and what their device ends look like now.

import { itemNamed } from '../../../simulators/cabinet/slot.ts';
import type { ArmedFault } from '../../../simulators/line/faults.ts';
import type {
  CabinetSnapshot,
  LaneSnapshot,
  MachineSnapshot,
  MuseumAct,
  MuseumSnapshot,
  MuseumWorld,
} from '../../../simulators/street/museum-world.ts';
import type { LedgerLine } from '../../../sync/headend/store/read-ledger.ts';
import { secondsOf, type UnixSeconds } from '../../core/brand.ts';
import { type Clock, repeat, type TimerHandle } from '../../core/clock.ts';
import { StileError } from '../../core/errors.ts';
import type { Museum } from './museum.ts';
import type { MuseumCabinet } from './museum-cabinet.ts';
import type { MuseumLane } from './museum-lane.ts';
import type { MuseumMachine } from './museum-machine.ts';
import { groupOf, MuseumPocket } from './museum-pocket.ts';
import { museum as figures } from './museum-setting.ts';
import { MachineTrouble } from './museum-trouble.ts';
import { borrowByPhone, groupTicket, loanCode, paperTicket, ticketForLater, ticketNow } from './museum-visitor.ts';
import { streetPins } from './names.ts';
import { JournalsShown, lineShown, shownRows, waitingOf } from './shown-rows.ts';

const standMs = 6_000;
/** Between two looks at what moves: a person sees no steps. */
const motionLookMs = 50;
/** Of all machines in one list. */
const listedRows = 3 * shownRows;

type Jam = ArmedFault<{ readonly kind: 'jam'; readonly slot: number }>;

export class LiveMuseum implements MuseumWorld {
  readonly #museum: Museum;
  readonly #clock: Clock;
  readonly #carried: string[] = [];
  readonly #jams = new Map<string, Jam>();
  readonly #pocket: MuseumPocket;
  readonly #troubles: ReadonlyMap<string, MachineTrouble>;
  readonly #journals: JournalsShown;
  readonly #changed: () => void;
  #lastTicket: string | null = null;
  #moving: TimerHandle | null = null;
  #rows: Pick<MuseumSnapshot, 'journal' | 'ledger' | 'waiting'> = { journal: [], ledger: [], waiting: [] };

  /** `changed` is called when anything that {@link snapshot} shows has moved. */
  constructor(museum: Museum, clock: Clock, changed: () => void) {
    this.#museum = museum;
    this.#clock = clock;
    this.#changed = changed;
    this.#pocket = new MuseumPocket(museum.setting, this.#now());
    this.#troubles = new Map(museum.machines.map((machine) => [machine.id, new MachineTrouble(machine)]));
    this.#journals = new JournalsShown(museum.machines);
    for (const machine of museum.machines) {
      machine.board.pinChanged.on(changed);
      machine.terminal.changed.on(changed);
      machine.terminal.messages.on(changed);
    }
    for (const { barrier } of museum.lanes) barrier.changed.on(changed);
    for (const { cabinet } of museum.cabinets) cabinet.changed.on(changed);
  }

  start(): void {
    this.#moving = repeat(this.#clock, 'street-motion', motionLookMs, () => {
      if (this.#museum.lanes.some(isMoving)) this.#changed();
    });
  }

  stop(): void {
    this.#moving?.cancel();
  }

  /** Looks into the journals; `arrived` are the newest rows at the head end, newest first. */
  look(arrived: readonly LedgerLine[]): void {
    const own = arrived.filter(({ terminal }) => this.#troubles.has(terminal));
    const journal = this.#journals.rows(listedRows);
    this.#rows = { journal, ledger: own.slice(0, listedRows).map(lineShown), waiting: waitingOf(journal, own) };
  }

  snapshot(): MuseumSnapshot {
    const { lanes, cabinets } = this.#museum;
    return {
      capacity: figures.capacity,
      lanes: lanes.map((lane) => ({ ...laneSnapshot(lane), ...this.#trouble(lane) })),
      cabinets: cabinets.map((one) => ({ ...cabinetSnapshot(one), ...this.#trouble(one), jammed: this.#jammed(one) })),
      carried: [...this.#carried],
      offers: this.#pocket.offers(this.#now()),
      ...this.#rows,
    };
  }

  async present(code: string, terminal: string): Promise<string> {
    const machine = this.#machine(terminal);
    await machine.scanner.show(code);
    if (!machine.line('scanner').plugged) return `The reader of ${terminal} is unplugged: nobody read the code.`;
    return machine.terminal.state === 'running' ? '' : `${terminal} is not running: nobody took the code.`;
  }

  async act(act: MuseumAct): Promise<string> {
    switch (act.kind) {
      case 'ticket':
        return this.#showTicket(this.#lane(act.lane), act.ticket);
      case 'person':
        return this.#person(this.#lane(act.lane), act.does);
      case 'fire':
        for (const { barrier } of this.#museum.lanes) barrier.setFire(act.on);
        return act.on ? 'The fire contact opened: every barrier is free.' : 'The fire contact is closed again.';
      case 'borrow':
        return this.#borrow(this.#cabinet(act.cabinet), act.by);
      case 'take':
        return this.#take(this.#cabinet(act.cabinet), act.slot);
      case 'pressReturn':
        this.#cabinet(act.cabinet).press('return');
        return 'The key for returns was pressed.';
      case 'putBack':
        return this.#putBack(this.#cabinet(act.cabinet), act.slot, act.item);
      case 'jam':
        return this.#jam(this.#cabinet(act.cabinet), act.slot, act.on);
      case 'kill':
        await this.#machine(act.terminal).terminal.end('SIGKILL');
        return `${act.terminal} was killed, as by a pulled plug.`;
      case 'restart':
        await this.#machine(act.terminal).start();
        return `${act.terminal} started again from its journal.`;
      case 'network':
        this.#troubleOf(act.terminal).cutNetwork(act.cut);
        return act.cut ? `${act.terminal} goes on without its network.` : `The network of ${act.terminal} is back.`;
      case 'reader':
        await this.#troubleOf(act.terminal).plugReader(act.plugged);
        return `The reader of ${act.terminal} is ${act.plugged ? 'plugged in again' : 'unplugged'}.`;
      case 'mute':
        await this.#troubleOf(act.terminal).muteBoard(act.on);
        return act.on
          ? `The board of ${act.terminal} neither hears nor answers.`
          : `The board of ${act.terminal} came up again.`;
      case 'buy':
        this.#pocket.buy(act.offer);
        return 'The phone holds another code of that kind.';
      default:
        return act satisfies never;
    }
  }

  async #showTicket(lane: MuseumLane, kind: Extract<MuseumAct, { kind: 'ticket' }>['ticket']): Promise<string> {
    const { setting } = this.#museum;
    const fresh = {
      good: () => ticketNow(setting, this.#now()),
      again: () => this.#lastTicket ?? ticketNow(setting, this.#now()),
      early: () => ticketForLater(setting, this.#now()),
      group: () => groupTicket(setting, this.#now(), groupOf),
    };
    this.#lastTicket = fresh[kind]();
    await lane.scanner.show(this.#lastTicket);
    return `A ticket was held before the reader of ${lane.id}.`;
  }

  /** People take their time; nobody waits for them here. */
  #person({ people, id }: MuseumLane, does: Extract<MuseumAct, { kind: 'person' }>['does']): string {
    const acts = {
      walk: () => people.walk('entry'),
      turnBack: () => people.turnBack('entry'),
      tailgate: () => people.tailgate('entry'),
      stand: () => people.standStill('entry', standMs),
      push: () => people.push('entry'),
      leave: () => people.push('exit'),
    };
    void acts[does]();
    return `Somebody is at ${id}.`;
  }

  async #borrow(cabinet: MuseumCabinet, by: Extract<MuseumAct, { kind: 'borrow' }>['by']): Promise<string> {
    if (by === 'phone') {
      if (cabinet.address === null) return 'The screen shows no code: the head end cannot be reached.';
      await borrowByPhone(cabinet.address);
      return `A phone asked the head end for a guide from ${cabinet.id}.`;
    }
    const { setting } = this.#museum;
    await cabinet.scanner.show(by === 'paper' ? paperTicket(setting, this.#now()) : loanCode(setting, this.#now()));
    return `A code was held before the reader of ${cabinet.id}.`;
  }

  #take({ cabinet, id }: MuseumCabinet, slot: number): string {
    const [tag] = cabinet.take(slot)?.tags ?? [];
    if (tag === undefined) return `There is nothing to take at slot ${slot} of ${id}.`;
    this.#carried.push(tag);
    return `Guide ${tag} was taken.`;
  }

  #putBack({ cabinet, id }: MuseumCabinet, slot: number, wanted: string | null): string {
    const item = wanted ?? this.#carried[0];
    if (item === undefined || !this.#carried.includes(item)) return 'Nobody carries that guide.';
    if (!cabinet.putBack(slot, itemNamed(item))) return `Slot ${slot} of ${id} takes nothing.`;
    this.#carried.splice(this.#carried.indexOf(item), 1);
    return `Guide ${item} was put into slot ${slot}.`;
  }

  #jam({ cabinet, id }: MuseumCabinet, slot: number, on: boolean): string {
    const key = `${id}/${slot}`;
    const armed = this.#jams.get(key);
    if (armed) cabinet.faults.remove(armed);
    this.#jams.delete(key);
    if (on) this.#jams.set(key, cabinet.faults.add({ kind: 'jam', slot }) as Jam);
    return on ? `The latch of slot ${slot} jams.` : `The latch of slot ${slot} moves again.`;
  }

  #jammed({ id }: MuseumCabinet): readonly number[] {
    return [...this.#jams].filter(([key]) => key.startsWith(`${id}/`)).map(([, { fault }]) => fault.slot);
  }

  #trouble({ id }: MuseumMachine): Pick<MachineSnapshot, 'alarm' | 'network' | 'boardLine'> {
    const { alarm, network, boardLine } = this.#troubleOf(id);
    return { alarm, network, boardLine };
  }

  #troubleOf(id: string): MachineTrouble {
    return this.#troubles.get(id) ?? fail(this.#museum.machines, id);
  }

  #now(): UnixSeconds {
    return secondsOf(this.#clock.wallMs());
  }

  #lane(id: string): MuseumLane {
    return found(this.#museum.lanes, id);
  }

  #cabinet(id: string): MuseumCabinet {
    return found(this.#museum.cabinets, id);
  }

  #machine(id: string): MuseumMachine {
    return found(this.#museum.machines, id);
  }
}

/** @throws StileError NOT_FOUND. */
function found<M extends MuseumMachine>(machines: readonly M[], id: string): M {
  const machine = machines.find((one) => one.id === id);
  return machine ?? fail(machines, id);
}

function fail(machines: readonly MuseumMachine[], id: string): never {
  throw new StileError('NOT_FOUND', `the street has no machine ${id}`, {
    remedy: `Name one of ${machines.map((one) => one.id).join(', ')}.`,
  });
}

/** A wing between its ends, or somebody in the passage. */
const isMoving = ({ barrier, people }: MuseumLane): boolean =>
  people.present.length > 0 || (barrier.state.wings.left > 0 && barrier.state.wings.left < 1);

type OfDevices<Snapshot> = Omit<Snapshot, 'alarm' | 'network' | 'boardLine' | 'jammed'>;

function machineSnapshot({ id, terminal, board, rises, lines, answers }: MuseumMachine): OfDevices<MachineSnapshot> {
  const lit = (pin: number): boolean => board.pin(pin).level === 1;
  const { green, red, amber, white } = streetPins;
  const { scanner } = lines;
  return {
    id,
    process: terminal.state,
    pid: terminal.pid,
    lamp: { green: lit(green), red: lit(red), amber: lit(amber), white: lit(white) },
    beeps: rises.buzzer,
    reader: { plugged: scanner?.plugged ?? false, path: scanner?.path ?? '' },
    answer: answers.at(-1) ?? null,
  };
}

const laneSnapshot = (lane: MuseumLane): OfDevices<LaneSnapshot> => ({
  ...machineSnapshot(lane),
  kind: lane.kind,
  barrier: lane.barrier.state,
  people: lane.people.present,
});

const cabinetSnapshot = (one: MuseumCabinet): OfDevices<CabinetSnapshot> => ({
  ...machineSnapshot(one),
  place: figures.places[one.id as keyof typeof figures.places],
  slots: one.cabinet.slots(),
  code: one.address,
  prompt: one.prompts.at(-1) ?? null,
});
