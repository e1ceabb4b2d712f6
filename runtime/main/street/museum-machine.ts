// One terminal of the museum: a real process on simulated lines, with a network that fails on its own. What its people
// and mechanics are, a lane and a cabinet add.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SimulatedBoard } from '../../../simulators/board/simulated-board.ts';
import type { DeviceEnd } from '../../../simulators/line/device-end.ts';
import { createLine, type LineKind } from '../../../simulators/line/line.ts';
import { SimulatedScanner } from '../../../simulators/scanner/simulated-scanner.ts';
import { TcpProxy } from '../../../simulators/world/tcp-proxy.ts';
import type { Clock } from '../../core/clock.ts';
import type { Row } from '../../records/row.ts';
import { mayGoOn, monotonicUs, type Until, within } from './awaited.ts';
import { BoardTrace } from './board-trace.ts';
import { type ChildMessage, StreetProcess } from './child-process.ts';
import { isIntent, JournalSight } from './journal-sight.ts';
import type { MachinePlace, MuseumId } from './museum-setting.ts';
import { streetPins } from './names.ts';

/** What is there before the terminal is configured. */
export interface MachineGround {
  readonly id: MuseumId;
  readonly lines: Readonly<Record<string, DeviceEnd>>;
  readonly network: TcpProxy;
}

export interface GroundOptions {
  readonly id: MuseumId;
  readonly devices: readonly string[];
  readonly line: LineKind | 'auto';
  readonly folder: string;
  readonly clock: Clock;
  readonly headEndPort: number;
}

export async function layMachine({
  id,
  devices,
  line,
  folder,
  clock,
  headEndPort,
}: GroundOptions): Promise<MachineGround> {
  const lines: Record<string, DeviceEnd> = {};
  for (const device of devices) {
    lines[device] = await createLine({ kind: line, folder, name: `${id}.tty${device.toUpperCase()}`, clock });
  }
  return { id, lines, network: await TcpProxy.open({ clock, targetPort: headEndPort }) };
}

export const placeOf = ({ lines, network }: MachineGround): MachinePlace => ({
  lines: Object.fromEntries(Object.entries(lines).map(([device, { path }]) => [device, path])),
  brokerPort: network.port,
});

/** What the terminal told its screen of a code. */
export interface Answer {
  readonly cue: string;
  readonly reason: string;
  readonly ref: string | null;
}

export interface MachineOptions {
  readonly ground: MachineGround;
  readonly clock: Clock;
  readonly folder: string;
  readonly logs: string;
  readonly config: string;
  readonly dataFolder: string;
  /** Outputs of its lamp board beside lamps and tone. */
  readonly relays: Readonly<Record<string, number>>;
  /** Added to the terminal's command. */
  readonly args: readonly string[];
  /** Devices that must be reached before it serves, as its log calls them. */
  readonly devices: readonly string[];
}

export class MuseumMachine {
  readonly id: MuseumId;
  readonly clock: Clock;
  readonly terminal: StreetProcess;
  readonly lines: Readonly<Record<string, DeviceEnd>>;
  readonly scanner: SimulatedScanner;
  readonly board: SimulatedBoard;
  readonly network: TcpProxy;
  readonly sight: JournalSight;
  readonly answers: Answer[] = [];
  /** Lamp and tone rises since the start, as the pins made them. */
  readonly rises: Record<keyof typeof streetPins, number> = { green: 0, red: 0, amber: 0, white: 0, buzzer: 0 };
  readonly #options: MachineOptions;
  readonly #log: string;
  readonly #ended = new AbortController();
  readonly #boardTrace: BoardTrace;

  constructor(options: MachineOptions) {
    this.#options = options;
    const { ground, clock, logs, config, dataFolder, relays, args } = options;
    this.id = ground.id;
    this.clock = clock;
    this.lines = ground.lines;
    this.network = ground.network;
    this.scanner = new SimulatedScanner({ line: this.line('scanner'), clock });
    this.board = new SimulatedBoard({ line: this.line('board'), clock, nowUs: monotonicUs });
    this.sight = new JournalSight(dataFolder, isIntent);
    const pins = { ...streetPins, ...relays };
    const lookAt = ['green', ...Object.keys(relays)];
    const file = this.file(Object.keys(relays).length > 0 ? 'board' : 'lamps');
    this.#boardTrace = new BoardTrace({ file, sight: this.sight, board: this.board, pins, lookAt });
    for (const name of Object.keys(streetPins) as (keyof typeof streetPins)[]) {
      this.board.pinChanged.on(
        ({ pin, level }) => void (pin === streetPins[name] && level === 1 && this.rises[name]++),
      );
    }
    this.#log = join(logs, `${this.id}.log`);
    const command = ['run', '--config', config, ...args];
    this.terminal = new StreetProcess({ name: this.id, args: command, logFile: this.#log });
    this.terminal.messages.on((message) => this.heard(message));
  }

  /** Of the evidence that this machine leaves in the street's folder. */
  file(what: string): string {
    return join(this.#options.folder, `${this.id}.${what}.ndjson`);
  }

  line(device: string): DeviceEnd {
    const line = this.lines[device];
    if (!line) throw new RangeError(`${this.id} has no line ${device}`);
    return line;
  }

  /** Resolves when the process has reached its devices. `args` are added for this start only. */
  async start(args: readonly string[] = []): Promise<void> {
    mayGoOn(this.#ended.signal);
    const { devices } = this.#options;
    const before = devices.map((device) => this.#reached(device));
    await this.terminal.start(args);
    await this.sight.open();
    for (const [at, device] of devices.entries())
      await this.until(`${this.id} to reach its ${device}`, () => this.#reached(device) > (before[at] ?? 0));
  }

  /** Holds a code before the reader; resolves with what the terminal answers next. */
  async show(code: string): Promise<Answer> {
    const before = this.answers.length;
    await this.scanner.show(code);
    await this.until(`an answer of ${this.id}`, () => this.answers.length > before);
    return this.answers[before] ?? { cue: 'none', reason: 'none', ref: null };
  }

  /** What its journal says came of its own acts of that name, in order; what neighbours told it is not among them. */
  outcomes(act: 'admit' | 'dispense'): readonly Row[] {
    return this.sight.rows().filter(({ type, payload }) => type === 'OUTCOME' && payload.act === act);
  }

  /** Polls until it holds. @throws StileError naming what never came. */
  readonly until: Until = (what, holds, withinMs) =>
    within({ clock: this.clock, logs: this.#options.logs, ended: this.#ended.signal }, what, holds, withinMs);

  /** Ends the process, then the devices. */
  async close(): Promise<void> {
    this.#ended.abort();
    await this.terminal.end('SIGTERM');
    this.sight.close();
    this.#boardTrace.flush();
    await this.network.close();
    await this.board.close();
    for (const line of Object.values(this.lines)) await line.close();
  }

  protected heard(message: ChildMessage): void {
    if (message.kind !== 'shown') return;
    const ref = typeof message['ref'] === 'string' ? message['ref'] : null;
    this.answers.push({ cue: String(message['cue']), reason: String(message['reason']), ref });
  }

  /** Times the log says that a device was reached. */
  #reached(device: string): number {
    const lines = existsSync(this.#log) ? readFileSync(this.#log, 'utf8').split('\n') : [];
    return lines.filter((line) => line.includes('"device-reached"') && line.includes(`"device":"${device}"`)).length;
  }
}
