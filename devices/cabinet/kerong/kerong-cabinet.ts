// A cabinet on a Kerong CU16 lock board, with tags and charge from further lines where they exist. It joins what the lines
// say into the facts of each slot and tells the changes.
import { assert } from '../../../runtime/core/assert.ts';
import type { Clock } from '../../../runtime/core/clock.ts';
import { Signal } from '../../../runtime/core/event.ts';
import type { Logger } from '../../../runtime/core/log.ts';
import type { Cabinet, SlotFacts, SlotFault } from '../../ports/cabinet.ts';
import type { DeviceHealth } from '../../ports/device.ts';
import type { LineSettings, OpenLine } from '../../serial/line.ts';
import { DeviceStatus } from '../../serial/status.ts';
import { cu16 } from '../protocol/kerong-cu16.ts';
import { SlotReader, type TimedReading } from '../slot-reader.ts';
import { LockBoard } from './lock-board.ts';

export interface KerongCabinetOptions {
  readonly id: string;
  /** RS-485, 19200 8N1 by the board's default. */
  readonly locks: LineSettings;
  /** Number set on the board, 0..15. Default 0. */
  readonly board?: number;
  /** Slots in use, 1..16: lock 1 is slot 1. */
  readonly slots: number;
  /** The board's inputs carry one presence sensor per slot. Default true. */
  readonly presence?: boolean;
  /** A reader of tags, and one of charge, that speak the slot line. */
  readonly tags?: LineSettings;
  readonly charge?: LineSettings;
  /** From one round over all slots to the next. Default 250 and 5000. */
  readonly tagRoundMs?: number;
  readonly chargeRoundMs?: number;
  /** Default 0.25, 0.5, 1, 2, 4, 5 s. */
  readonly backOffMs?: readonly number[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly open?: OpenLine;
}

export const kerongDefaults = {
  board: 0,
  tagRoundMs: 250,
  chargeRoundMs: 5_000,
  backOffMs: [250, 500, 1_000, 2_000, 4_000, 5_000],
} as const;

export class KerongCabinet implements Cabinet {
  readonly id: string;
  readonly slots: number;
  /** The board has no command that locks. */
  readonly canRelatch = false;
  readonly facts = new Signal<SlotFacts>();
  readonly changed: Signal<DeviceHealth>;
  readonly #options: KerongCabinetOptions;
  readonly #status: DeviceStatus;
  readonly #board: LockBoard;
  readonly #tags: SlotReader | null;
  readonly #charge: SlotReader | null;
  readonly #told = new Map<number, SlotFacts>();

  constructor(options: KerongCabinetOptions) {
    assert(options.slots >= 1 && options.slots <= cu16.locks, 'a CU16 has 1 to 16 slots');
    this.id = options.id;
    this.slots = options.slots;
    this.#options = options;
    this.#status = new DeviceStatus(options.id);
    this.changed = this.#status.changed;
    const { id, slots, clock, log, open, tagRoundMs, chargeRoundMs } = options;
    const backOffMs = options.backOffMs ?? kerongDefaults.backOffMs;
    const common = { slots, backOffMs, clock, log, ...(open && { open }) };
    const read = (slot: number | null): void => this.#readingCame(slot);
    this.#board = new LockBoard({
      ...common,
      id,
      line: options.locks,
      board: options.board ?? kerongDefaults.board,
      reached: () => this.#status.reached('online', this.#detail()),
      failed: (fault) => this.#status.failed(fault),
      read: () => this.#tellAll(),
    });
    this.#tags = options.tags
      ? new SlotReader({
          ...common,
          id: `${id} tags`,
          quantity: 'tags',
          line: options.tags,
          roundMs: tagRoundMs ?? kerongDefaults.tagRoundMs,
          read,
        })
      : null;
    this.#charge = options.charge
      ? new SlotReader({
          ...common,
          id: `${id} charge`,
          quantity: 'charge',
          line: options.charge,
          roundMs: chargeRoundMs ?? kerongDefaults.chargeRoundMs,
          read,
        })
      : null;
  }

  start(): void {
    this.#status.set('opening', `opening ${this.#options.locks.path}`);
    this.#board.start();
    this.#tags?.start();
    this.#charge?.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#board.stop(), this.#tags?.stop(), this.#charge?.stop()]);
    this.#status.set('stopped', 'stopped');
  }

  health(): DeviceHealth {
    return this.#status.health;
  }

  snapshot(): readonly SlotFacts[] {
    return Array.from({ length: this.slots }, (_, index) => this.#factsOf(index + 1));
  }

  unlock(slot: number): boolean {
    assert(Number.isInteger(slot) && slot >= 1 && slot <= this.slots, `slot ${slot} is one of this cabinet`);
    return this.#board.unlock(slot);
  }

  relatch(_slot: number): boolean {
    return false;
  }

  #readingCame(slot: number | null): void {
    if (this.#board.online) this.#status.set('online', this.#detail());
    if (slot === null) this.#tellAll();
    else this.#tell(slot);
  }

  #tellAll(): void {
    for (let slot = 1; slot <= this.slots; slot++) this.#tell(slot);
  }

  #tell(slot: number): void {
    const facts = this.#factsOf(slot);
    const told = this.#told.get(slot);
    if (told ? same(told, facts) : nothingKnown(facts)) return;
    this.#told.set(slot, facts);
    this.facts.emit(facts);
  }

  #factsOf(slot: number): SlotFacts {
    const locked = this.#board.locked(slot);
    const tags = this.#tags?.at(slot) ?? null;
    const charge = this.#charge?.at(slot) ?? null;
    return {
      slot,
      locked,
      doorClosed: locked,
      present: (this.#options.presence ?? true) ? this.#board.input(slot) : null,
      tagId: tagOf(tags),
      chargePercent: charge?.reading.kind === 'charge' ? charge.reading.percent : null,
      fault: this.#faultOf(slot, tags, charge),
      atMonoMs: this.#board.readAtMs,
      tagAtMonoMs: tags?.atMonoMs ?? null,
      chargeAtMonoMs: charge?.atMonoMs ?? null,
    };
  }

  #faultOf(slot: number, tags: TimedReading | null, charge: TimedReading | null): SlotFault | null {
    if (this.#board.jammed(slot)) return 'lockJam';
    if (tags?.reading.kind === 'tags' && tags.reading.tags.length > 1) return 'twoTags';
    if (tags?.reading.kind === 'failed') return 'tagReader';
    return charge?.reading.kind === 'failed' ? 'chargeReader' : null;
  }

  #detail(): string {
    const { locks, board } = this.#options;
    const readers = [this.#tags, this.#charge].flatMap((reader) => {
      const health = reader?.health();
      return health && health.state !== 'online' ? [`${health.id} ${health.state}: ${health.detail}`] : [];
    });
    return [`board ${board ?? kerongDefaults.board} answers at ${locks.path}`, ...readers].join('; ');
  }
}

function tagOf(tags: TimedReading | null): string | null {
  if (tags?.reading.kind !== 'tags' || tags.reading.tags.length !== 1) return null;
  return tags.reading.tags[0] ?? null;
}

const content = ['locked', 'doorClosed', 'present', 'tagId', 'chargePercent', 'fault'] as const;

function same(a: SlotFacts, b: SlotFacts): boolean {
  if ((a.tagAtMonoMs === null) !== (b.tagAtMonoMs === null)) return false;
  if ((a.chargeAtMonoMs === null) !== (b.chargeAtMonoMs === null)) return false;
  return content.every((key) => a[key] === b[key]);
}

function nothingKnown(facts: SlotFacts): boolean {
  return content.every((key) => facts[key] === null) && facts.tagAtMonoMs === null && facts.chargeAtMonoMs === null;
}
