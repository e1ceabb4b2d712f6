// The tour: fixed stories without a person, at a bus, a gate and two cabinets at the same time. They only act and note
// what should come of it; whether it did is for the checker to say.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteLoans } from '../../../sync/headend/store/loan-database.ts';
import { sleep } from '../../core/clock.ts';
import { BusStory } from './bus-story.ts';
import { CabinetStory } from './cabinet-story.ts';
import { GateStory } from './gate-story.ts';
import { museum as figures } from './museum-setting.ts';
import type { Stage } from './stage.ts';
import { type MuseumTold, Outage } from './told.ts';

/** A tour's rows take two or three seconds; a head end that loses rows never has them all. */
const everythingWithinMs = 30_000;
const lookEveryMs = 100;
const maxLoans = 100;

export class TourStory {
  readonly #stage: Stage;
  readonly #say: (line: string) => void;

  constructor(stage: Stage, say: (line: string) => void) {
    this.#stage = stage;
    this.#say = say;
  }

  /** Plays every story and writes story.json when every process has ended. */
  async play(): Promise<void> {
    const stage = this.#stage;
    const { museum, clock } = stage;
    const told: MuseumTold = { capacity: figures.capacity, fires: [], kills: [], steps: [] };
    const outage = new Outage();
    const bus = new BusStory(stage, outage, this.#say);
    const gates = new GateStory(museum, clock, told, this.#say);
    const cabinets = new CabinetStory(museum, clock, outage, told, this.#say);
    await Promise.all([bus.play(), gates.play(), cabinets.play()]);
    await this.#everythingStored(cabinets.loans);
    await stage.close();
    const { steps, kills, brokerStops } = bus;
    const story = { terminal: stage.terminalId, steps, kills, brokerStops, museum: told };
    writeFileSync(join(stage.setting.folder, 'story.json'), `${JSON.stringify(story, null, 2)}\n`);
  }

  /**
   * Waits until every row but the newest bookkeeping is at the head end and judged by its second pass. What
   * never arrives is for the checker to find: a story that ends in an error has no verdict.
   */
  async #everythingStored(loans: CabinetStory['loans']): Promise<void> {
    this.#say('waiting until the head end has everything');
    const stage = this.#stage;
    await stage.terminal.end('SIGTERM');
    await stage.startTerminal();
    const deadline = stage.clock.monoMs() + everythingWithinMs;
    while (!((await stage.stored()) && (await this.#booked(loans)))) {
      if (stage.clock.monoMs() > deadline) return this.#say('the head end does not have everything');
      await sleep(stage.clock, 'tour-stored', lookEveryMs);
    }
  }

  /** As many loans as guides were taken, and ended ones as came back. */
  async #booked({ begun, ended }: CabinetStory['loans']): Promise<boolean> {
    const database = await openSqliteLoans(join(this.#stage.setting.headEndData, 'loans.db'));
    try {
      const all = await database.loans.loans(['ON_LOAN', 'RETURNED'], maxLoans);
      return all.length >= begun && all.filter(({ state }) => state === 'RETURNED').length >= ended;
    } finally {
      await database.close();
    }
  }
}
