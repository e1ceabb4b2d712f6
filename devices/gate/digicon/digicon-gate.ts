// A Digicon Tx1500 turnstile on a serial line. An acknowledgement says that the controller took a command, never that
// anybody passed; a release without one is not sent again: the passage, or the end of the wait, decides.
import type { MonoMs } from '../../../runtime/core/brand.ts';
import type { Clock } from '../../../runtime/core/clock.ts';
import { StileError } from '../../../runtime/core/errors.ts';
import { Signal } from '../../../runtime/core/event.ts';
import type { Logger } from '../../../runtime/core/log.ts';
import type { SharedBoard } from '../../board/shared-board.ts';
import type { DeviceHealth } from '../../ports/device.ts';
import type { Gate, GateDirection, GateEvent, GateSensors } from '../../ports/gate.ts';
import type { Line, LineSettings, OpenLine } from '../../serial/line.ts';
import { DeviceStatus } from '../../serial/status.ts';
import { LineSupervisor } from '../../serial/supervisor.ts';
import type { ContactInput } from '../contact.ts';
import { FireContact } from '../fire-contact.ts';
import { type CycleTimes, cycleDefaults, ReleaseCycle } from '../release-cycle.ts';
import { type Answer, DigiconConnection } from './connection.ts';
import type { PassageSensor, ReleaseWay } from './protocol/messages.ts';

/** How the turnstile stands: what the controller calls the way in. The other one is the way out. */
export interface DigiconEntry {
  readonly release: Exclude<ReleaseWay, 'both'>;
  readonly passage: PassageSensor;
}

export interface DigiconGateOptions {
  readonly id: string;
  /** 115200 baud. */
  readonly line: LineSettings;
  readonly entry: DigiconEntry;
  /** Where the fire system's second contact arrives; without it the gate knows nothing of fire. */
  readonly fire?: { readonly board: SharedBoard; readonly input: ContactInput; readonly debounceMs?: number };
  readonly times?: CycleTimes;
  readonly ackTimeoutMs?: number;
  /** Default 1, 2, 5, 10, 30 s. */
  readonly backOffMs?: readonly number[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly open?: OpenLine;
}

export const digiconDefaults = {
  ackTimeoutMs: 300,
  fireDebounceMs: 30,
  backOffMs: [1_000, 2_000, 5_000, 10_000, 30_000],
} as const;

/** Questions without an answer after which the controller is dead. Only `controlled` is ever asked again. */
export const maxMissedAcks = 2;

export class DigiconGate implements Gate {
  readonly id: string;
  readonly events = new Signal<GateEvent>();
  readonly changed: Signal<DeviceHealth>;
  readonly confirmsOpening = false;
  readonly #options: DigiconGateOptions;
  readonly #status: DeviceStatus;
  readonly #supervisor: LineSupervisor;
  readonly #cycle: ReleaseCycle;
  readonly #fire: FireContact | null;
  #connection: DigiconConnection | null = null;
  #passages: Record<GateDirection, number> = { entry: 0, exit: 0 };
  #online = false;
  /** This connection has answered before. */
  #proven = false;
  /** The newest release was not acknowledged, and nobody has passed since. */
  #inDoubt = false;
  #fireTold = false;

  constructor(options: DigiconGateOptions) {
    const { id, line, clock, log, open, fire } = options;
    this.id = id;
    this.#options = options;
    this.#status = new DeviceStatus(id);
    this.changed = this.#status.changed;
    this.#cycle = new ReleaseCycle({
      id,
      clock,
      times: options.times ?? cycleDefaults,
      seesOpen: null,
      takeMs: 0,
      seesRelock: false,
      occupied: () => false,
      event: (event) => this.#told(event),
    });
    this.#fire = fire
      ? new FireContact({
          id: `${id}-fire`,
          debounceMs: digiconDefaults.fireDebounceMs,
          clock,
          ...fire,
          known: (active, atMonoMs) => this.#fireKnown(active, atMonoMs),
        })
      : null;
    this.#supervisor = new LineSupervisor({
      id,
      line,
      clock,
      log,
      ...(open && { open }),
      backOffMs: options.backOffMs ?? digiconDefaults.backOffMs,
      connect: (opened) => this.#connect(opened),
      failed: (fault) => this.#status.failed(fault),
    });
  }

  start(): void {
    this.#status.set('opening', `opening ${this.#options.line.path}`);
    this.#fire?.start();
    this.#supervisor.start();
  }

  async stop(): Promise<void> {
    this.#forget();
    await this.#supervisor.stop();
    this.#forget();
    await this.#fire?.stop();
    this.#status.set('stopped', 'stopped');
  }

  health(): DeviceHealth {
    return this.#status.health;
  }

  sensors(): GateSensors {
    return { open: null, blocked: null, fire: this.#fire?.active ?? null, passages: this.#passages };
  }

  release(direction: GateDirection): boolean {
    const connection = this.#connection;
    if (!connection || !this.#online || this.#fireTold || !this.#cycle.free) return false;
    const sent = connection.request({ kind: 'release', way: this.#way(direction) }, (answer) => this.#released(answer));
    if (sent) this.#cycle.begin(direction);
    return sent;
  }

  #connect(line: Line): DigiconConnection {
    const { id, clock, ackTimeoutMs } = this.#options;
    const connection = new DigiconConnection({
      id,
      line,
      clock,
      ackTimeoutMs: ackTimeoutMs ?? digiconDefaults.ackTimeoutMs,
      passage: (sensor) => this.#passed(sensor === this.#options.entry.passage ? 'entry' : 'exit'),
      lost: () => this.#lost(),
    });
    this.#connection = connection;
    this.#proven = false;
    this.#prove();
    return connection;
  }

  /**
   * `controlled` is the only question the protocol has: harmless while nothing is released, and its answer proves a
   * Tx1500. But it closes a barrier that is free, so it is never sent during fire, nor before fire is known.
   */
  #prove(missed = 0): void {
    if (this.#fire && this.#fire.active !== false) return this.#status.set('opening', 'waits for the fire contact');
    this.#connection?.request({ kind: 'controlled' }, (answer) => {
      if (answer === 'ack') return this.#reached();
      if (answer === 'silence' && missed + 1 < maxMissedAcks) return this.#prove(missed + 1);
      this.#failed(answer);
    });
  }

  #reached(): void {
    const { line } = this.#options;
    this.#inDoubt = false;
    this.#online = true;
    const detail = `${line.path} acknowledges`;
    if (this.#proven) return this.#status.set('online', detail);
    this.#proven = true;
    this.#passages = { entry: 0, exit: 0 };
    this.#supervisor.proven();
    this.#status.reached('online', detail);
  }

  #released(answer: Answer): void {
    this.#inDoubt = answer === 'silence';
    if (answer === 'silence') this.#options.log.warn('gate-release-unacknowledged', { device: this.id });
    if (answer !== 'nack') return;
    this.#cycle.end();
    this.#told({ kind: 'fault', detail: 'the controller refused the release (NACK)', atMonoMs: this.#now() });
  }

  #passed(direction: GateDirection): void {
    this.#inDoubt = false;
    const expected = this.#cycle.passage(direction, this.#now());
    if (expected || this.#fireTold) this.#passages = { ...this.#passages, [direction]: this.#passages[direction] + 1 };
    else this.#options.log.warn('gate-unexpected-passage', { device: this.id, kind: direction });
  }

  #fireKnown(active: boolean, atMonoMs: MonoMs): void {
    if (active !== this.#fireTold) {
      this.#fireTold = active;
      if (active) this.#cycle.end();
      this.#told({ kind: 'fire', active, atMonoMs });
    }
    if (!active && !this.#online && this.#connection?.busy === false) this.#prove();
  }

  #told(event: GateEvent): void {
    if (event.kind === 'fault') this.#options.log.warn('gate-fault', { device: this.id, detail: event.detail });
    // The wait decided about the release; whether the controller still lives must be known before the next one, also
    // when that is asked for while this event is told.
    const inDoubt = event.kind === 'notPassed' && this.#inDoubt;
    if (inDoubt) this.#online = false;
    this.events.emit(event);
    if (inDoubt) this.#ask();
  }

  #ask(): void {
    this.#status.set('faulty', 'a release was not acknowledged; asking whether the controller answers');
    this.#prove();
  }

  #failed(answer: 'nack' | 'silence'): void {
    const { ackTimeoutMs = digiconDefaults.ackTimeoutMs, line } = this.#options;
    const fault =
      answer === 'nack'
        ? new StileError('DEVICE_UNSUPPORTED', `gate ${this.id} at ${line.path}: it refuses controlled passage`, {
            remedy: 'Check the operating mode set at the controller.',
          })
        : new StileError(
            'DEVICE_SILENT',
            `gate ${this.id} at ${line.path}: ${maxMissedAcks} commands without an answer within ${ackTimeoutMs} ms`,
            { remedy: 'Check power, cable, and that a Tx1500 at 115200 baud is at this path.' },
          );
    this.#told({ kind: 'fault', detail: fault.message, atMonoMs: this.#now() });
    this.#supervisor.drop(fault);
  }

  #lost(): void {
    const released = this.#online && !this.#cycle.free;
    this.#forget();
    if (!released) return;
    this.#told({ kind: 'fault', detail: 'the line was lost during a release', atMonoMs: this.#now() });
  }

  #forget(): void {
    this.#online = false;
    this.#inDoubt = false;
    this.#connection?.end();
    this.#connection = null;
    this.#cycle.end();
  }

  #way(direction: GateDirection): ReleaseWay {
    const { release } = this.#options.entry;
    if (direction === 'entry') return release;
    return release === 'rightToLeft' ? 'leftToRight' : 'rightToLeft';
  }

  #now(): MonoMs {
    return this.#options.clock.monoMs();
  }
}
