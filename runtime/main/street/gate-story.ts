// What visitors do at the two gate lanes of the museum: too early, in time, again elsewhere, as a group, not at all, one
// too many, and in a fire.
import { secondsOf, type UnixSeconds } from '../../core/brand.ts';
import { type Clock, sleep } from '../../core/clock.ts';
import { monotonicUs } from './awaited.ts';
import type { Museum } from './museum.ts';
import type { MuseumLane } from './museum-lane.ts';
import { museum as figures } from './museum-setting.ts';
import { ctiAtHome, groupTicket, ticketForLater, ticketNow } from './museum-visitor.ts';
import { type MuseumExpected, type MuseumTold, playMuseumStep, unlessInVain } from './told.ts';

const groupOf = 3;
/** A refused code is judged afresh once its presence has ended. */
const betweenShowingsMs = 3_300;
const spentWithinMs = 10_000;
const releasedWithinMs = 10_000;
/** The contacts are open for so long. */
const fireMs = 3_000;

export class GateStory {
  readonly #museum: Museum;
  readonly #clock: Clock;
  readonly #parts: { readonly told: MuseumTold; readonly clock: Clock; readonly say: (line: string) => void };
  /** By this story's own count. */
  #inside = 0;

  constructor(museum: Museum, clock: Clock, told: MuseumTold, say: (line: string) => void) {
    this.#museum = museum;
    this.#clock = clock;
    this.#parts = { told, clock, say };
  }

  async play(): Promise<void> {
    const [one, other] = this.#museum.lanes;
    const ticket = ticketNow(this.#museum.setting, this.#now(), { cti: ctiAtHome('lane-1') });
    await this.#step(one, 'a ticket before its slot', async () => {
      await one.show(ticketForLater(this.#museum.setting, this.#now()));
      return { admitted: 0, refused: 1 };
    });
    await this.#step(one, 'a good ticket', async () => {
      await this.#admit(one, ticket);
      return { admitted: 1, refused: 0 };
    });
    await this.#step(other, 'the same ticket at the other lane', async () => {
      await other.show(ticket);
      return { admitted: 0, refused: 1 };
    });
    await Promise.all([
      this.#step(one, 'nobody passes, and later somebody does', () => this.#hesitate(one)),
      this.#step(other, 'a group counts down', () => this.#group(other)),
    ]);
    await this.#fill();
    const late = ticketNow(this.#museum.setting, this.#now());
    await this.#step(one, 'one too many', async () => {
      await one.show(late);
      return { admitted: 0, refused: 1 };
    });
    await this.#burn(late);
  }

  #step(lane: MuseumLane, name: string, play: () => Promise<MuseumExpected>): Promise<void> {
    return playMuseumStep(this.#parts, lane.id, name, play);
  }

  /** Shows it, walks through once the barrier opens, and waits for what the lane wrote of it. */
  async #admit(lane: MuseumLane, ticket: string): Promise<void> {
    const before = lane.outcomes('admit').length;
    await lane.show(ticket);
    await this.#walk(lane);
    await lane.until('an outcome', () => lane.outcomes('admit').length > before);
    await lane.locked();
  }

  async #walk(lane: MuseumLane): Promise<void> {
    if ((await lane.people.walk('entry')) === 'passed') this.#inside++;
  }

  async #hesitate(lane: MuseumLane): Promise<MuseumExpected> {
    const ticket = ticketNow(this.#museum.setting, this.#now());
    const before = lane.outcomes('admit').length;
    await lane.show(ticket);
    await lane.until('the end of a release that nobody used', () => lane.outcomes('admit').length > before);
    await lane.locked();
    await this.#admit(lane, ticket);
    return { admitted: 1, refused: 0 };
  }

  /** One scan; each person has a release of their own. */
  async #group(lane: MuseumLane): Promise<MuseumExpected> {
    const before = lane.outcomes('admit').length;
    await lane.show(groupTicket(this.#museum.setting, this.#now(), groupOf));
    for (let person = 1; person <= groupOf; person++) {
      await this.#walk(lane);
      await lane.until(`person ${person} of a group`, () => lane.outcomes('admit').length >= before + person);
    }
    await lane.locked();
    return { admitted: groupOf, refused: 0 };
  }

  /** Until nobody has a place left: each at the lane whose lease has one. */
  async #fill(): Promise<void> {
    const [one] = this.#museum.lanes;
    while (this.#inside < figures.capacity) {
      const lane = await this.#laneWithPlace();
      if (lane === null) return;
      const before = this.#inside;
      await this.#step(lane, 'the museum fills', async () => {
        await this.#admit(lane, ticketNow(this.#museum.setting, this.#now()));
        return { admitted: 1, refused: 0 };
      });
      if (this.#inside === before) return;
    }
    await this.#spent(one);
  }

  /** A head end that lost an admission has a place more to give: whether one too many gets in is for the checker. */
  async #spent(one: MuseumLane): Promise<void> {
    const allSpent = () => this.#museum.lanes.every((lane) => lane.placesLeft() === 0);
    await unlessInVain(this.#parts.say, one.until('the last place to be spent', allSpent, spentWithinMs));
  }

  /** Null when none came: a head end that lost a row of a lane gives that lane nothing more. */
  async #laneWithPlace(): Promise<MuseumLane | null> {
    const { lanes } = this.#museum;
    const free = (): MuseumLane | undefined => lanes.find((lane) => lane.placesLeft() > 0);
    await unlessInVain(
      this.#parts.say,
      lanes[0].until('a place on a lease', () => free() !== undefined),
    );
    return free() ?? null;
  }

  /** Somebody leaves, so that the one too many is let in; before they have gone through, it burns. */
  async #burn(late: string): Promise<void> {
    const { lanes } = this.#museum;
    await lanes[0].people.push('exit');
    this.#inside--;
    await sleep(this.#clock, 'tour-presence', betweenShowingsMs);
    const lane = (await this.#laneWithPlace()) ?? lanes[0];
    let fromUs = 0;
    const burning = async (): Promise<MuseumExpected> => {
      await lane.show(late);
      await unlessInVain(
        this.#parts.say,
        lane.until('a release', () => lane.barrier.lets('entry'), releasedWithinMs),
      );
      fromUs = monotonicUs();
      for (const { barrier } of lanes) barrier.setFire(true);
      for (const burnt of lanes)
        await burnt.until('the fire to be written down', () =>
          burnt.sight.rows().some(({ payload }) => payload.incident === 'fire'),
        );
      await Promise.all(lanes.map(({ people }) => people.walk('exit')));
      await sleep(this.#clock, 'tour-fire', fireMs);
      return { admitted: 0 };
    };
    await this.#step(lane, 'a fire', burning);
    const toUs = monotonicUs();
    for (const { id, barrier } of lanes) {
      barrier.setFire(false);
      this.#parts.told.fires.push({ terminal: id, fromUs, toUs });
    }
    for (const burnt of lanes) await burnt.until('the end of the fire', () => burnt.sight.acts().has('fireReset'));
  }

  #now(): UnixSeconds {
    return secondsOf(this.#clock.wallMs());
  }
}
