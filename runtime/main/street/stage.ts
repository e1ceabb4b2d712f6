// The street running: simulated devices on real lines, a proxy where each network stands, and real processes: a head
// end, the terminal of a bus, and those of a museum. Whoever holds the stage ends everything with `close`.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { SimulatedBoard } from '../../../simulators/board/simulated-board.ts';
import type { DeviceEnd } from '../../../simulators/line/device-end.ts';
import { createLine, type LineKind } from '../../../simulators/line/line.ts';
import { SimulatedScanner } from '../../../simulators/scanner/simulated-scanner.ts';
import { TcpProxy } from '../../../simulators/world/tcp-proxy.ts';
import { type LedgerReader, openLedgerReader } from '../../../sync/headend/store/read-ledger.ts';
import { assert } from '../../core/assert.ts';
import { secondsOf, type UnixSeconds } from '../../core/brand.ts';
import { hex } from '../../core/bytes.ts';
import { type Clock, SystemClock, sleep } from '../../core/clock.ts';
import { systemEntropy } from '../../core/entropy.ts';
import { StileError } from '../../core/errors.ts';
import { mayGoOn, monotonicUs, type Until, within } from './awaited.ts';
import { BoardTrace } from './board-trace.ts';
import { StreetProcess } from './child-process.ts';
import { digestOf } from './code-digest.ts';
import { freePort } from './free-port.ts';
import { isRide, JournalSight } from './journal-sight.ts';
import { layMuseum, Museum, type MuseumGround, writeMachines } from './museum.ts';
import { streetNames, streetPins } from './names.ts';
import { prepareSetting, type Setting } from './setting.ts';

export interface StageOptions {
  readonly folder: string;
  readonly line: LineKind | 'auto';
  readonly sabotage?: string;
}

/** What is said of a code in the wallet's log. */
export interface Presented {
  readonly story: string;
  readonly account: Uint8Array | null;
  readonly genuine: boolean;
}

export class Stage {
  readonly clock: Clock = new SystemClock();
  readonly setting: Setting;
  readonly scannerLine: DeviceEnd;
  readonly boardLine: DeviceEnd;
  readonly scanner: SimulatedScanner;
  readonly board: SimulatedBoard;
  readonly proxy: TcpProxy;
  readonly terminal: StreetProcess;
  readonly headEnd: StreetProcess;
  readonly sight: JournalSight;
  readonly museum: Museum;
  /** Buzzer rises and lamp changes since the start, as the pins made them. */
  readonly pins = { tones: 0, greens: 0, reds: 0, ambers: 0, changedAtMs: 0 };
  readonly #trace: BoardTrace;
  #ledger: LedgerReader | null = null;
  #orders = 0;

  static async open(options: StageOptions): Promise<Stage> {
    const clock = new SystemClock();
    const { folder, line } = options;
    const [scannerLine, boardLine] = await Promise.all([
      createLine({ kind: line, folder, name: 'ttySCANNER', clock, baudRate: 115_200 }),
      createLine({ kind: line, folder, name: 'ttyBOARD', clock }),
    ]);
    const headEndPort = await freePort();
    const proxy = await TcpProxy.open({ clock, targetPort: headEndPort });
    const ground = await layMuseum({ folder, line, clock, headEndPort });
    const setting = prepareSetting({
      folder,
      clock,
      entropy: systemEntropy,
      scannerPath: scannerLine.path,
      boardPath: boardLine.path,
      brokerPort: proxy.port,
      headEndPort,
      museum: ground.places,
    });
    return new Stage(options, setting, scannerLine, boardLine, proxy, ground);
  }

  private constructor(
    options: StageOptions,
    setting: Setting,
    scannerLine: DeviceEnd,
    boardLine: DeviceEnd,
    proxy: TcpProxy,
    ground: MuseumGround,
  ) {
    const { sabotage } = options;
    const { folder, logs } = setting;
    this.setting = setting;
    this.scannerLine = scannerLine;
    this.boardLine = boardLine;
    this.proxy = proxy;
    this.scanner = new SimulatedScanner({ line: scannerLine, clock: this.clock });
    this.board = new SimulatedBoard({ line: boardLine, clock: this.clock, nowUs: monotonicUs });
    this.sight = new JournalSight(setting.terminalData, isRide);
    this.#trace = new BoardTrace({
      file: join(folder, 'board.ndjson'),
      sight: this.sight,
      board: this.board,
      pins: streetPins,
      lookAt: ['green', 'buzzer'],
    });
    assert(setting.museum !== null, 'a street has a museum');
    const ofMuseum = { ground, setting: setting.museum, clock: this.clock, folder, logs };
    this.museum = new Museum({ ...ofMuseum, args: sabotage === 'early-motion' ? ['--sabotage', sabotage] : [] });
    writeMachines(folder);
    this.board.pinChanged.on(({ pin, level }) => this.#pinMoved(pin, level));
    this.headEnd = new StreetProcess({
      name: 'head end',
      args: [
        'headend',
        'run',
        '--config',
        setting.headEndConfig,
        ...(sabotage?.endsWith('-row') ? ['--sabotage', sabotage] : []),
      ],
      logFile: join(setting.logs, 'headend.log'),
    });
    this.terminal = new StreetProcess({
      name: 'terminal',
      args: [
        'run',
        '--config',
        setting.terminalConfig,
        ...(sabotage === 'early-green' ? ['--sabotage', sabotage] : []),
      ],
      logFile: join(setting.logs, 'terminal.log'),
    });
  }

  /** Once {@link close} was called nothing is started or waited for any more. */
  readonly #ended = new AbortController();

  /** Head end first; resolves when every terminal holds its documents and has its devices. */
  async start(): Promise<void> {
    mayGoOn(this.#ended.signal);
    await this.headEnd.start();
    mayGoOn(this.#ended.signal);
    await Promise.all([this.#startBus(), this.museum.start()]);
  }

  async #startBus(): Promise<void> {
    await this.startTerminal();
    await this.until('the terminal to open its trip', () => this.#hasAct('trip'));
    await this.until('the terminal to hold a deny list', () => this.#hasAct('deny'));
  }

  /** Resolves when the board has seen the terminal take its outputs. */
  async startTerminal(): Promise<void> {
    const before = this.board.trace.length;
    mayGoOn(this.#ended.signal);
    await this.terminal.start();
    await this.sight.open();
    await this.until('the board to be driven', () => this.board.trace.length > before && this.#outputsTaken(before));
    await sleep(this.clock, 'board settles', 400);
  }

  /** Types the code into the reader and notes it in the wallet's log. */
  async present(code: string, presented: Presented): Promise<void> {
    await this.scanner.show(code);
    await this.scannerLine.sent();
    const line = {
      atUs: monotonicUs(),
      story: presented.story,
      account: presented.account ? hex(presented.account) : null,
      digest: digestOf(code),
      genuine: presented.genuine,
    };
    appendFileSync(join(this.setting.folder, 'wallet.ndjson'), `${JSON.stringify(line)}\n`);
  }

  /** An order to the head end; resolves when it is done. */
  async order(kind: 'deny' | 'pardon', account: Uint8Array): Promise<void> {
    const id = ++this.#orders;
    const answered = this.headEnd.messages.next((message) => message['id'] === id);
    this.headEnd.send({ kind, id, issuer: this.setting.issuer.iss, account: hex(account) });
    const answer = await answered;
    if (answer.kind !== 'done') {
      throw new StileError('INTERNAL', `the head end could not ${kind}: ${String(answer['detail'])}`, {
        remedy: `Read ${this.setting.logs}.`,
      });
    }
  }

  get terminalId(): string {
    return streetNames.terminal;
  }

  /** Version of the newest deny list that the journal says is in force; 0 before the first. */
  denyVersion(): number {
    return this.sight.denyVersion();
  }

  /** Every row of every journal is at the head end and judged, but for bookkeeping at the very end. */
  async stored(): Promise<boolean> {
    this.#ledger ??= await openLedgerReader(join(this.setting.headEndData, 'headend.db'));
    const ledger = this.#ledger;
    return (
      this.sight.allStoredIn(ledger, this.terminalId) &&
      this.museum.machines.every(({ id, sight }) => sight.allStoredIn(ledger, id))
    );
  }

  now(): UnixSeconds {
    return secondsOf(this.clock.wallMs());
  }

  /** Polls until it holds. @throws StileError naming what never came. */
  readonly until: Until = (what, holds, withinMs) =>
    within({ clock: this.clock, logs: this.setting.logs, ended: this.#ended.signal }, what, holds, withinMs);

  /** Ends every process, terminals first, then the devices. Safe to call twice. */
  async close(): Promise<void> {
    this.#ended.abort();
    await Promise.all([this.terminal.end('SIGTERM'), this.museum.close()]);
    await this.headEnd.end('SIGTERM');
    this.sight.close();
    this.#ledger?.close();
    this.#ledger = null;
    this.#trace.flush();
    await this.proxy.close();
    await this.board.close();
    await this.scannerLine.close();
  }

  #hasAct(act: string): boolean {
    return this.sight.acts().has(act);
  }

  #outputsTaken(since: number): boolean {
    return (
      this.board.trace.slice(since).some(({ bytes }) => bytes.includes(0xf4)) &&
      this.board.pin(streetPins.buzzer).mode === 1
    );
  }

  #pinMoved(pin: number, level: number): void {
    this.pins.changedAtMs = this.clock.wallMs();
    if (level !== 1) return;
    if (pin === streetPins.buzzer) this.pins.tones++;
    if (pin === streetPins.green) this.pins.greens++;
    if (pin === streetPins.red) this.pins.reds++;
    if (pin === streetPins.amber) this.pins.ambers++;
  }
}
