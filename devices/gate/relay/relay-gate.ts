// A gate controller with dry contacts on a Firmata board: two pulse outputs, and inputs for passages, ready, opened,
// occupied and fire. The controller decides how long it stays open; this driver only knocks and watches.
import type { MonoMs } from '../../../runtime/core/brand.ts';
import type { Clock } from '../../../runtime/core/clock.ts';
import { Signal } from '../../../runtime/core/event.ts';
import type { Logger } from '../../../runtime/core/log.ts';
import type { PinBoard } from '../../board/firmata-board.ts';
import type { SharedBoard } from '../../board/shared-board.ts';
import type { DeviceHealth } from '../../ports/device.ts';
import type { Gate, GateDirection, GateEvent, GateSensors } from '../../ports/gate.ts';
import { blockedAfterMs, Detector } from '../detector.ts';
import { type CycleTimes, cycleDefaults, ReleaseCycle } from '../release-cycle.ts';
import { type ContactName, type ContactPins, Contacts } from './contacts.ts';
import { ReadyWatch } from './ready-watch.ts';

export interface RelayGatePins extends ContactPins {
  /** Output that pulses the controller's unlock input, per direction. */
  readonly unlock: Readonly<Record<GateDirection, number>>;
}

export interface RelayGateOptions {
  readonly id: string;
  readonly board: SharedBoard;
  readonly pins: RelayGatePins;
  /** Default 200; at least the 100 that controllers ask for; the board caps it at 500. */
  readonly openPulseMs?: number;
  /** 20..50. Default 30. */
  readonly debounceMs?: number;
  readonly times?: CycleTimes;
  readonly blockedAfterMs?: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export const relayDefaults = { openPulseMs: 200, debounceMs: 30 } as const;

export class RelayGate implements Gate {
  readonly id: string;
  readonly events = new Signal<GateEvent>();
  readonly changed = new Signal<DeviceHealth>();
  readonly confirmsOpening: boolean;
  readonly #options: RelayGateOptions;
  readonly #board: PinBoard;
  readonly #contacts: Contacts;
  readonly #cycle: ReleaseCycle;
  readonly #detector: Detector;
  readonly #ready: ReadyWatch;
  readonly #openPulseMs: number;
  #passages: Record<GateDirection, number> = { entry: 0, exit: 0 };
  #online = false;
  /** Fire as it was last told, over reconnects. */
  #fireTold = false;

  constructor(options: RelayGateOptions) {
    const { id, pins, clock } = options;
    this.id = id;
    this.#options = options;
    this.confirmsOpening = pins.opened !== undefined || pins.ready !== undefined;
    this.#openPulseMs = options.openPulseMs ?? relayDefaults.openPulseMs;
    const debounceMs = options.debounceMs ?? relayDefaults.debounceMs;
    this.#contacts = new Contacts({ id, pins, debounceMs, clock, changed: (...change) => this.#contact(...change) });
    const outputs = [pins.unlock.entry, pins.unlock.exit];
    this.#board = options.board.part(id, { outputs, inputs: this.#contacts.inputs });
    const event = (told: GateEvent): void => this.#tell(told);
    const times = options.times ?? cycleDefaults;
    const occupied = (): boolean => this.#contacts.active('occupied') === true;
    this.#cycle = new ReleaseCycle({
      id,
      clock,
      times,
      seesOpen: this.confirmsOpening ? () => this.#contacts.open() === true : null,
      takeMs: this.#openPulseMs,
      seesRelock: pins.ready !== undefined,
      occupied,
      event,
    });
    this.#detector = new Detector({ id, clock, blockedAfterMs: options.blockedAfterMs ?? blockedAfterMs, event });
    this.#ready = new ReadyWatch({
      id,
      clock,
      // Also a person at the controller's own keypad opens it: only longer than any release is a fault.
      patienceMs: times.waitMs + 2 * times.motionMs,
      excused: () => occupied() || this.#fireTold,
      overdue: (detail) => this.#tell({ kind: 'fault', detail, atMonoMs: clock.monoMs() }),
      changed: () => this.changed.emit(this.health()),
    });
    this.#board.changed.on((health) => this.#boardChanged(health));
    this.#board.edges.on((edge) => this.#contacts.edge(edge));
  }

  start(): void {
    this.#board.start();
  }

  async stop(): Promise<void> {
    this.#forget();
    await this.#board.stop();
  }

  health(): DeviceHealth {
    const health = this.#board.health();
    const fault = this.#ready.fault;
    return health.state === 'online' && fault !== null ? { ...health, state: 'faulty', detail: fault } : health;
  }

  sensors(): GateSensors {
    const { occupied } = this.#options.pins;
    const blocked = occupied && this.#online ? this.#detector.blocked : null;
    return { open: this.#contacts.open(), blocked, fire: this.#contacts.active('fire'), passages: this.#passages };
  }

  release(direction: GateDirection): boolean {
    // A write to a dead board is lost without an error: the driver's own flag is the only guard.
    if (!this.#online || this.#fireTold || !this.#cycle.free) return false;
    if (this.#cycle.phase === 'locked' && this.#contacts.active('ready') === false) return false;
    if (!this.#board.pulse(this.#options.pins.unlock[direction], this.#openPulseMs)) return false;
    this.#cycle.begin(direction);
    this.#ready.restart();
    return true;
  }

  #boardChanged(health: DeviceHealth): void {
    if (health.state === 'online') this.#reached();
    else this.#forget(health.detail);
    this.changed.emit(this.health());
  }

  #reached(): void {
    this.#passages = { entry: 0, exit: 0 };
    this.#contacts.adopt((pin) => this.#board.level(pin));
    this.#online = true;
    const atMonoMs = this.#options.clock.monoMs();
    if (this.#contacts.active('occupied')) this.#detector.change(true, atMonoMs);
    this.#fire(this.#contacts.active('fire') === true, atMonoMs);
    this.#ready.change(this.#contacts.active('ready'));
  }

  #forget(why?: string): void {
    const lost = this.#online && !this.#cycle.free;
    this.#online = false;
    this.#cycle.end();
    this.#contacts.forget();
    this.#detector.forget();
    this.#ready.change(null);
    if (!lost || why === undefined) return;
    this.#tell({ kind: 'fault', detail: `lost during a release: ${why}`, atMonoMs: this.#options.clock.monoMs() });
  }

  #contact(name: ContactName, active: boolean, atMonoMs: MonoMs): void {
    switch (name) {
      case 'passageEntry':
      case 'passageExit':
        if (active) this.#passed(name === 'passageEntry' ? 'entry' : 'exit', atMonoMs);
        return;
      case 'opened':
        if (active) this.#cycle.opened(atMonoMs);
        return;
      case 'ready':
        this.#readyChanged(active, atMonoMs);
        return;
      case 'occupied':
        this.#detector.change(active, atMonoMs);
        return;
      case 'fire':
        this.#fire(active, atMonoMs);
        return;
      default:
        name satisfies never;
    }
  }

  #passed(direction: GateDirection, atMonoMs: MonoMs): void {
    const expected = this.#cycle.passage(direction, atMonoMs);
    if (expected || this.#fireTold) this.#passages = { ...this.#passages, [direction]: this.#passages[direction] + 1 };
    else this.#options.log.warn('gate-unexpected-passage', { device: this.id, kind: direction });
  }

  #readyChanged(ready: boolean, atMonoMs: MonoMs): void {
    this.#ready.change(ready);
    if (ready) this.#cycle.relocked(atMonoMs);
    else if (!this.#options.pins.opened) this.#cycle.opened(atMonoMs);
  }

  #fire(active: boolean, atMonoMs: MonoMs): void {
    if (active === this.#fireTold) return;
    this.#fireTold = active;
    if (active) this.#cycle.end();
    this.#ready.change(this.#contacts.active('ready'));
    this.#tell({ kind: 'fire', active, atMonoMs });
  }

  #tell(event: GateEvent): void {
    if (event.kind === 'fault') {
      this.#options.log.warn('gate-fault', { device: this.id, detail: event.detail });
      if (this.#contacts.active('ready') === false) this.#ready.fail(event.detail);
    }
    this.events.emit(event);
  }
}
