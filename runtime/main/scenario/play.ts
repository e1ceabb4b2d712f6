// Plays one scenario in a world of its own and gives a verdict per step. Each step is judged by what happened
// from its act on; a wait by all that happened since the step before.
import { messageOf } from '../../core/errors.ts';
import { CabinetStation } from './cabinet-station.ts';
import type { Expectation } from './expect-format.ts';
import type { Scenario } from './format.ts';
import { GateStation } from './gate-station.ts';
import type { GateOnLines } from './line-barrier.ts';
import { openWorld } from './machines.ts';
import { type NamedRecords, problemsOf, type Seen, type SeenRecord } from './matching.ts';
import type { KeptRow } from './memory-journal.ts';
import { invalid } from './read-scenario.ts';
import { edgeMs } from './station.ts';
import type { Station } from './station-port.ts';
import { type ActName, actNames, type PowerAct, type Step } from './step-format.ts';
import type { Switches } from './switches.ts';
import type { World } from './world.ts';

export interface StepVerdict {
  /** 1 for the first; null for what holds at the end. */
  readonly step: number | null;
  readonly machine: string;
  readonly act: ActName | 'finally' | 'laws';
  readonly atMs: number;
  readonly ok: boolean;
  readonly problems: readonly string[];
}

export interface Played {
  readonly ok: boolean;
  readonly steps: readonly StepVerdict[];
}

/** How far each list of a station had come when a step began. */
interface Mark {
  readonly told: number;
  readonly effects: number;
  readonly moved: number;
  readonly rows: number;
}

/** @throws StileError SCENARIO_INVALID for a story that cannot be played, naming `file` and step. */
export async function playScenario(
  file: string,
  scenario: Scenario,
  switches: Switches = {},
  lines: GateOnLines | null = null,
): Promise<Played> {
  const player = new Player(file, scenario, switches, lines);
  return player.play();
}

class Player {
  readonly #file: string;
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #named: NamedRecords = new Map();
  readonly #verdicts: StepVerdict[] = [];
  /** What drivers took so far beyond the times of the file: by so much the next step may come late. */
  #lateMs = 0;

  constructor(file: string, scenario: Scenario, switches: Switches, lines: GateOnLines | null) {
    this.#file = file;
    this.#scenario = scenario;
    try {
      this.#world = openWorld(scenario.world, switches, lines);
    } catch (error) {
      throw invalid(file, `world: ${messageOf(error)}`);
    }
  }

  async play(): Promise<Played> {
    const world = this.#world;
    for (const station of world.stations.values()) station.start();
    await this.#settle(-world.elapsedMs());
    const began = this.#marks();
    for (const [index, step] of this.#scenario.steps.entries()) await this.#take(index, step);
    for (const [name, wanted] of Object.entries(this.#scenario.finally ?? {}))
      await this.#judge({ step: null, machine: name, act: 'finally' }, [[this.#station(null, name), wanted]], began);
    await this.#settle(this.#edgeMs);
    for (const station of world.stations.values()) {
      const problems = station.broken();
      this.#verdicts.push({
        step: null,
        machine: station.name,
        act: 'laws',
        atMs: world.elapsedMs(),
        ok: problems.length === 0,
        problems,
      });
    }
    return { ok: this.#verdicts.every(({ ok }) => ok), steps: this.#verdicts };
  }

  async #take(index: number, step: Step): Promise<void> {
    const station = this.#station(index, step.machine ?? Object.keys(this.#scenario.world.machines)[0] ?? '');
    const { times, everyMs } = step.repeat ?? { times: 1, everyMs: 0 };
    const act = actNames.find((name) => step[name] !== undefined) ?? 'wait';
    const wanted: (readonly [Station, Expectation])[] = [
      ...(step.expect === undefined ? [] : [[station, step.expect] as const]),
      ...Object.entries(step.others ?? {}).map(([name, other]) => [this.#station(index, name), other] as const),
    ];
    for (let time = 0; time < times; time++) {
      const before = this.#marks();
      await this.#passTo(index, time === 0 ? step.at : undefined, time === 0 ? 0 : everyMs);
      const from = act === 'wait' ? before : this.#marks();
      await this.#do(index, station, step);
      await this.#settle(step.settleMs ?? 0);
      if (act === 'sensor') await this.#waitForDrivers(this.#edgeMs - (step.settleMs ?? 0));
      const problems = await this.#problemsAtLast(wanted, from);
      const last = time === times - 1;
      if (problems.length > 0 || last) {
        const atMs = this.#world.elapsedMs();
        const where = times > 1 && problems.length > 0 ? problems.map((text) => `time ${time + 1}: ${text}`) : problems;
        this.#verdicts.push({
          step: index + 1,
          machine: station.name,
          act,
          atMs,
          ok: problems.length === 0,
          problems: where,
        });
      }
      if (problems.length > 0) return;
    }
  }

  async #do(index: number, station: Station, step: Step): Promise<void> {
    try {
      this.#act(station, step);
      // A cut that is armed waits; every other act is done with when the machines are idle again.
      await this.#settle(0);
    } catch (error) {
      throw invalid(this.#file, `step ${index + 1}: ${messageOf(error)}`);
    }
  }

  #act(station: Station, step: Step): void {
    const world = this.#world;
    if (step.scan !== undefined) return station.scan(world.codes.shown(step.scan, world.phoneNow()), step.scan);
    if (step.sensor !== undefined) return station.sense(step.sensor);
    if (step.staff !== undefined) return station.staff(step.staff);
    if (step.command !== undefined) return commanded(station).command(step.command);
    if (step.key !== undefined) return cabinetOf(station).key(step.key);
    if (step.phone !== undefined) return void world.nonces.set(step.phone.scans, cabinetOf(station).screenNonce());
    if (step.power !== undefined) return this.#power(station, step.power);
    if (step.clock !== undefined) return this.#stepClock(step.clock.stepSeconds);
    if (step.storage !== undefined) station.journal.storage = step.storage;
    if (step.headEnd !== undefined) world.acked.set(station.name, station.journal.rows.length - 1);
    if (step.document !== undefined) {
      const { fares, rules, deny, trusted } = step.document;
      if (fares !== undefined) world.publishFares(fares);
      if (rules !== undefined) world.publishRules(rules);
      if (deny !== undefined) world.publishDeny(deny);
      if (trusted !== undefined) world.publishTrust(trusted);
    }
    if (step.network !== undefined) {
      world.headEndUp = step.network.headEnd === undefined ? world.headEndUp : step.network.headEnd === 'up';
      world.siteUp = step.network.site === undefined ? world.siteUp : step.network.site === 'up';
      world.siteSilent = step.network.site === 'silent';
      for (const other of world.stations.values()) other.networkChanged();
    }
  }

  #power(station: Station, act: PowerAct): void {
    station.preparePower(act);
    if (act.cut === 'off') return station.powerOff();
    if (act.cut === 'on') return station.powerOn();
    if (act.cut === 'now') return station.powerCut(act.keepsClock ?? false);
    const { type, act: word } = act.record ?? {};
    station.journal.cut = {
      moment: act.cut,
      isMet: (row) => (type === undefined || row.type === type) && (word === undefined || row.payload.act === word),
    };
  }

  #stepClock(stepSeconds: number): void {
    const world = this.#world;
    world.clock.stepWall(stepSeconds * 1_000);
    const step = world.time.checkStep();
    if (step === null) return;
    for (const station of world.stations.values()) station.clockStepped(step.fromMs, step.toMs);
  }

  async #passTo(index: number, at: Step['at'], furtherMs: number): Promise<void> {
    if (at === undefined) return this.#settle(furtherMs);
    const until = typeof at === 'number' ? at : this.#localAt(index, at);
    const aheadMs = until - this.#world.elapsedMs();
    if (aheadMs < -this.#lateMs)
      throw invalid(this.#file, `step ${index + 1}, key at: is ${JSON.stringify(at)}, before the step before it`);
    this.#lateMs = Math.max(0, -aheadMs);
    if (aheadMs > 0) await this.#settle(aheadMs);
  }

  /** Drivers find their devices, and contacts stop bouncing, in this time. */
  get #edgeMs(): number {
    return this.#world.lines === null ? 0 : edgeMs;
  }

  get #lineMs(): number {
    return Math.max(...[...this.#world.stations.values()].map(({ hearsWithinMs }) => hearsWithinMs));
  }

  #localAt(index: number, at: string): number {
    try {
      return this.#world.elapsedAt(at);
    } catch (error) {
      throw invalid(this.#file, `step ${index + 1}, key at: ${messageOf(error)}`);
    }
  }

  async #waitForDrivers(ms: number): Promise<void> {
    if (ms <= 0) return;
    this.#lateMs += ms;
    await this.#settle(ms);
  }

  /** Lets time pass, and everything that is under way come to its end. */
  async #settle(ms: number): Promise<void> {
    for (const station of this.#world.stations.values()) await station.idle();
    await this.#world.clock.advance(ms);
    for (const station of this.#world.stations.values()) await station.idle();
  }

  async #judge(
    what: Pick<StepVerdict, 'step' | 'machine' | 'act'>,
    wanted: readonly (readonly [Station, Expectation])[],
    from: ReadonlyMap<string, Mark>,
  ): Promise<void> {
    const problems = await this.#problemsAtLast(wanted, from);
    this.#verdicts.push({ ...what, atMs: this.#world.elapsedMs(), ok: problems.length === 0, problems });
  }

  /** Behind drivers a machine hears of things later: it has that long to be as expected. */
  async #problemsAtLast(
    wanted: readonly (readonly [Station, Expectation])[],
    from: ReadonlyMap<string, Mark>,
  ): Promise<readonly string[]> {
    let problems = this.#problems(wanted, from);
    for (let waitedMs = 0; problems.length > 0 && waitedMs < this.#lineMs; waitedMs += edgeMs) {
      await this.#waitForDrivers(edgeMs);
      problems = this.#problems(wanted, from);
    }
    return problems;
  }

  #problems(wanted: readonly (readonly [Station, Expectation])[], from: ReadonlyMap<string, Mark>): readonly string[] {
    return wanted.flatMap(([station, expectation]) => {
      const several = wanted.length > 1;
      return problemsOf(expectation, this.#seen(station, from), this.#named).map((text) =>
        several ? `${station.name}: ${text}` : text,
      );
    });
  }

  #seen(station: Station, from: ReadonlyMap<string, Mark>): Seen {
    const mark = from.get(station.name) ?? { told: 0, effects: 0, moved: 0, rows: 0 };
    return {
      told: station.told.slice(mark.told),
      effects: station.effects.slice(mark.effects),
      moved: station.moved.slice(mark.moved),
      records: station.journal.rows.slice(mark.rows).map((kept) => this.#record(kept)),
      counters: station.counters(),
      view: station.view(),
    };
  }

  #record({ row, seq, ref, type }: KeptRow): SeenRecord {
    const ended = row.payload.events?.findLast((event) => event[1] === 'Ended');
    const fields = this.#world.plain(row.payload) as Readonly<Record<string, unknown>>;
    const bootId = this.#world.plain(row.bootId);
    return { seq, ref, fields: { ...fields, type, ending: ended?.[3], clockState: row.clock.state, bootId } };
  }

  #marks(): ReadonlyMap<string, Mark> {
    return new Map(
      [...this.#world.stations.values()].map((station) => [
        station.name,
        {
          told: station.told.length,
          effects: station.effects.length,
          moved: station.moved.length,
          rows: station.journal.rows.length,
        },
      ]),
    );
  }

  #station(index: number | null, name: string): Station {
    try {
      return this.#world.station(name);
    } catch (error) {
      throw invalid(this.#file, `${index === null ? 'finally' : `step ${index + 1}`}: ${messageOf(error)}`);
    }
  }
}

function cabinetOf(station: Station): CabinetStation {
  if (station instanceof CabinetStation) return station;
  throw new RangeError(`${station.name} is no cabinet`);
}

function commanded(station: Station): CabinetStation | GateStation {
  if (station instanceof CabinetStation || station instanceof GateStation) return station;
  throw new RangeError(`${station.name} takes no commands`);
}
