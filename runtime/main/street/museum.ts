// The museum of the street: two gate lanes and two guide cabinets, each a process of its own, on the site's broker and the
// street's one head end.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LineKind } from '../../../simulators/line/line.ts';
import { type EmbeddedBroker, openEmbeddedBroker } from '../../../sync/headend/broker/embedded-broker.ts';
import type { Clock } from '../../core/clock.ts';
import { silentLogger } from '../../core/log.ts';
import { mayGoOn } from './awaited.ts';
import { freePort } from './free-port.ts';
import { cabinetDevices, MuseumCabinet } from './museum-cabinet.ts';
import { laneDevices, laneRelays, MuseumLane } from './museum-lane.ts';
import { layMachine, type MachineGround, placeOf } from './museum-machine.ts';
import { isLane, type MuseumId, type MuseumPlaces, type MuseumSetting, museum, museumIds } from './museum-setting.ts';
import { streetNames } from './names.ts';

export interface MuseumGround {
  readonly machines: Readonly<Record<MuseumId, MachineGround>>;
  readonly siteBrokerPort: number;
  readonly pagePort: number;
  readonly places: MuseumPlaces;
}

export interface LayOptions {
  readonly folder: string;
  readonly line: LineKind | 'auto';
  readonly clock: Clock;
  readonly headEndPort: number;
}

/** Lines, networks and ports, before anything is configured. */
export async function layMuseum(options: LayOptions): Promise<MuseumGround> {
  const laid = await Promise.all(
    museumIds.map((id) => layMachine({ ...options, id, devices: isLane(id) ? laneDevices(id) : cabinetDevices })),
  );
  const each = <T>(of: (ground: MachineGround) => T): Readonly<Record<MuseumId, T>> =>
    Object.fromEntries(laid.map((ground) => [ground.id, of(ground)])) as Record<MuseumId, T>;
  const [siteBrokerPort, pagePort] = [await freePort(), await freePort()];
  const places = { machines: each(placeOf), siteBrokerPort, pagePort };
  return { machines: each((ground) => ground), siteBrokerPort, pagePort, places };
}

export interface MuseumOptions {
  readonly ground: MuseumGround;
  readonly setting: MuseumSetting;
  readonly clock: Clock;
  readonly folder: string;
  readonly logs: string;
  /** Added to the command of every terminal. */
  readonly args: readonly string[];
}

export class Museum {
  readonly setting: MuseumSetting;
  readonly lanes: readonly [MuseumLane, MuseumLane];
  readonly cabinets: readonly [MuseumCabinet, MuseumCabinet];
  readonly pagePort: number;
  readonly #siteBrokerPort: number;
  readonly #ended = new AbortController();
  #broker: EmbeddedBroker | null = null;

  constructor({ ground, ...shared }: MuseumOptions) {
    const { setting } = shared;
    this.setting = setting;
    this.pagePort = ground.pagePort;
    this.#siteBrokerPort = ground.siteBrokerPort;
    const of = <Id extends MuseumId>(id: Id) => ({ ...shared, id, ground: ground.machines[id] });
    this.lanes = [new MuseumLane(of('lane-1')), new MuseumLane(of('lane-2'))];
    this.cabinets = [new MuseumCabinet(of('cabinet-1')), new MuseumCabinet(of('cabinet-2'))];
  }

  get machines(): readonly (MuseumLane | MuseumCabinet)[] {
    return [...this.lanes, ...this.cabinets];
  }

  /** Every machine at once, behind a head end that runs. Resolves when each decides by what the head end signed. */
  async start(): Promise<void> {
    this.#broker = await openEmbeddedBroker({
      operator: streetNames.operator,
      port: this.#siteBrokerPort,
      log: silentLogger,
    });
    if (this.#ended.signal.aborted) await this.#closeBroker();
    mayGoOn(this.#ended.signal);
    await Promise.all(this.machines.map(startAndServe));
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await Promise.all(this.machines.map((machine) => machine.close()));
    await this.#closeBroker();
  }

  async #closeBroker(): Promise<void> {
    const broker = this.#broker;
    this.#broker = null;
    await broker?.close();
  }
}

async function startAndServe(machine: MuseumLane | MuseumCabinet): Promise<void> {
  await machine.start();
  await machine.serves();
}

/** Which machines left evidence in the folder, and where; paths are relative to it. */
export function writeMachines(folder: string): void {
  const bus = {
    terminal: streetNames.terminal,
    machine: 'validator',
    board: 'firmata',
    journal: 'terminal/journal.db',
    trace: 'board.ndjson',
    acts: null,
    pins: null,
    address: null,
  };
  writeFileSync(join(folder, 'machines.json'), `${JSON.stringify([bus, ...museumIds.map(machineLine)], null, 2)}\n`);
}

function machineLine(terminal: MuseumId): object {
  const files = { journal: `${terminal}/journal.db`, trace: `${terminal}.board.ndjson` };
  if (!isLane(terminal)) {
    const acts = `${terminal}.slots.ndjson`;
    return { terminal, machine: 'cabinet', board: 'kerong', ...files, acts, pins: null, address: 0 };
  }
  const acts = `${terminal}.passages.ndjson`;
  const relay = museum.kinds[terminal] === 'relay';
  const board = relay ? 'firmata' : 'digicon';
  return { terminal, machine: 'gate-lane', board, ...files, acts, pins: relay ? laneRelays : null, address: null };
}
