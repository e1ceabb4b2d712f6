// What one kind of machine adds to the composition of a terminal: its desk, what its screen is told, and what the
// process that started this one may ask of it.
import type { Indicator } from '../../../devices/ports/indicator.ts';
import type { TerminalSyncOptions } from '../../../sync/terminal/terminal-sync.ts';
import type { MonoMs, UnixSeconds } from '../../core/brand.ts';
import type { CborMap } from '../../core/cbor.ts';
import type { Clock } from '../../core/clock.ts';
import type { Signal } from '../../core/event.ts';
import type { Logger } from '../../core/log.ts';
import type { Moment } from '../../core/trusted-time.ts';
import type { Identity } from '../../provisioning/identity.ts';
import type { BusinessCalendar } from '../../records/business-day.ts';
import type { Journal } from '../../store/journal.ts';
import type { Desk, DeskServices } from '../../terminal/desk.ts';
import type { HeldDocuments } from '../../terminal/held-documents.ts';
import type { Recovered } from '../../terminal/recovery.ts';
import type { ChildOrder } from '../child-channel.ts';
import type { TlsFiles } from '../config/shared.ts';

/** What is there before the desk is. */
export interface MachineContext {
  readonly identity: Identity;
  readonly now: () => Moment;
  readonly journal: Journal;
  readonly recovered: Recovered;
  readonly calendar: BusinessCalendar;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a machine connects with that has more to talk to than its head end. */
export interface ConnectContext {
  readonly identity: Identity;
  readonly documents: HeldDocuments;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Null while the clock is not trusted. */
  readonly now: () => UnixSeconds | null;
  /** For brokers with mTLS; null where none is configured. */
  readonly tls: TlsFiles | null;
}

export interface MachineParts<Input> {
  /** Lamps on a board that the machine's own device shares; without, they have a board of their own. */
  readonly indicator?: Indicator;
  /** Larger documents it decides by, beside the deny list; fares where nothing is said. */
  readonly documents?: readonly ('fares' | 'rules')[];
  /** Throws for site rules that this machine could not decide by. */
  readonly checkRules?: (body: CborMap) => unknown;
  /** What sync may ask of the machine, once its desk is open. */
  readonly sync?: () => Pick<TerminalSyncOptions, 'commands' | 'leases'>;
  /** Called once, after the terminal serves. */
  readonly connect?: (context: ConnectContext) => Promise<{ stop(): Promise<void> }>;
  /** Seconds after which silence ends the connection, where this machine cannot wait as long as others. */
  readonly keepaliveSeconds?: number;
  readonly openDesk: (services: DeskServices<Input>) => Desk<Input>;
  /** For a screen, as plain data; empty where the machine has nothing to say beside its cues. */
  readonly notices: Signal<ChildOrder>;
  /** Null for an order that the machine does not know. */
  readonly inputOf: (order: ChildOrder, atMonoMs: MonoMs) => Input | null;
}
