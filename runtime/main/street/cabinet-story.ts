// What visitors do at the two guide cabinets of the museum: by phone, by paper, offline, past a jammed latch, through a
// terminal that dies in the middle, and back at the other cabinet.
import { itemNamed } from '../../../simulators/cabinet/slot.ts';
import { secondsOf, type UnixSeconds } from '../../core/brand.ts';
import { type Clock, sleep } from '../../core/clock.ts';
import { monotonicUs } from './awaited.ts';
import type { Museum } from './museum.ts';
import type { MuseumCabinet } from './museum-cabinet.ts';
import { borrowByPhone, loanCode, paperTicket } from './museum-visitor.ts';
import { type MuseumExpected, type MuseumTold, type Outage, playMuseumStep, unlessInVain } from './told.ts';

/** A code shown again within this is the same presentation. */
const betweenShowingsMs = 3_300;
const knownWithinMs = 20_000;

export class CabinetStory {
  /** Guides that left a slot, and those that came back: each makes or ends a loan. */
  readonly loans = { begun: 0, ended: 0 };
  readonly #museum: Museum;
  readonly #clock: Clock;
  readonly #outage: Outage;
  readonly #parts: { readonly told: MuseumTold; readonly clock: Clock; readonly say: (line: string) => void };

  constructor(museum: Museum, clock: Clock, outage: Outage, told: MuseumTold, say: (line: string) => void) {
    this.#museum = museum;
    this.#clock = clock;
    this.#outage = outage;
    this.#parts = { told, clock, say };
  }

  async play(): Promise<void> {
    const [one, other] = this.#museum.cabinets;
    let item = '';
    await this.#step(one, 'borrow by phone', async () => {
      await one.until('a code on the screen', () => one.address !== null);
      await borrowByPhone(one.address ?? '');
      item = await this.#take(one);
      return { dispensed: 1, refused: 0 };
    });
    await this.#step(other, 'return at the other cabinet', async () => {
      await this.#bringBack(other, item);
      return { returned: 1, dispensed: 0 };
    });
    this.#outage.allowed.reach();
    await Promise.all([this.#inHallA(one), this.#inHallB(other)]);
  }

  async #inHallA(hall: MuseumCabinet): Promise<void> {
    await this.#step(hall, 'borrow by paper', async () => {
      await hall.show(paperTicket(this.#museum.setting, this.#now()));
      await this.#take(hall);
      return { dispensed: 1, refused: 0 };
    });
    await this.#step(hall, 'a latch jams, and the next slot opens', () => this.#jam(hall));
    await this.#step(hall, 'every latch jams, and the visitor is compensated', () => this.#compensate(hall));
  }

  async #inHallB(hall: MuseumCabinet): Promise<void> {
    await this.#step(hall, 'terminal killed while dispensing', () => this.#killed(hall));
    await this.#outage.begun.reached;
    await this.#step(hall, 'borrow offline', async () => {
      await hall.show(loanCode(this.#museum.setting, this.#now()));
      await this.#take(hall);
      return { dispensed: 1, refused: 0 };
    });
    this.#outage.enough.reach();
  }

  #step(hall: MuseumCabinet, name: string, play: () => Promise<MuseumExpected>): Promise<void> {
    return playMuseumStep(this.#parts, hall.id, name, play);
  }

  /** Takes the guide that is offered next, shuts the door, and waits for what the cabinet wrote of it. */
  async #take(hall: MuseumCabinet): Promise<string> {
    const before = taken(hall);
    const slot = await hall.prompted('takeGuide');
    const [item] = hall.cabinet.take(slot)?.tags ?? [];
    await hall.until('the guide to be written down as taken', () => taken(hall) > before);
    this.loans.begun++;
    return item ?? '';
  }

  async #bringBack(hall: MuseumCabinet, item: string): Promise<void> {
    hall.press('return');
    hall.cabinet.putBack(await hall.prompted('returnHere'), itemNamed(item));
    await hall.prompted('returned');
    this.loans.ended++;
  }

  /** The latch that is tried first jams; the others move. */
  async #jam(hall: MuseumCabinet): Promise<MuseumExpected> {
    const { cabinet } = hall;
    const jams = jamAll(hall);
    const stop = cabinet.unlocked.on(({ slot }) => {
      for (const jam of jams) if (jam.slot !== slot) cabinet.faults.remove(jam.armed);
      stop();
    });
    await hall.show(loanCode(this.#museum.setting, this.#now()));
    await this.#take(hall);
    for (const { armed } of jams) cabinet.faults.remove(armed);
    return { dispensed: 1, refused: 0 };
  }

  async #compensate(hall: MuseumCabinet): Promise<MuseumExpected> {
    const jams = jamAll(hall);
    await hall.show(loanCode(this.#museum.setting, this.#now()));
    await hall.prompted('compensated');
    for (const { armed } of jams) hall.cabinet.faults.remove(armed);
    return { dispensed: 0 };
  }

  /** The plug is pulled when the bolt has moved; the visitor takes the guide all the same. */
  async #killed(hall: MuseumCabinet): Promise<MuseumExpected> {
    const { cabinet, terminal } = hall;
    const code = loanCode(this.#museum.setting, this.#now());
    const moved = cabinet.unlocked.next();
    await hall.scanner.show(code);
    const { slot } = await moved;
    const atUs = monotonicUs();
    await terminal.end('SIGKILL');
    this.#parts.told.kills.push({ terminal: hall.id, atUs, fired: terminal.state === 'dead' });
    cabinet.take(slot);
    const before = taken(hall);
    await hall.start();
    const known = hall.until('what became of the guide', () => taken(hall) > before, knownWithinMs);
    await unlessInVain(this.#parts.say, known);
    this.loans.begun++;
    await sleep(this.#clock, 'tour-presence', betweenShowingsMs);
    await hall.show(code);
    return { dispensed: 1, refused: 1 };
  }

  #now(): UnixSeconds {
    return secondsOf(this.#clock.wallMs());
  }
}

const taken = (hall: MuseumCabinet): number =>
  hall.outcomes('dispense').filter(({ payload }) => payload.outcome === 'taken').length;

const jamAll = ({ cabinet }: MuseumCabinet) =>
  cabinet
    .slots()
    .filter(({ item }) => item !== null)
    .map(({ slot }) => ({ slot, armed: cabinet.faults.add({ kind: 'jam', slot }) }));
