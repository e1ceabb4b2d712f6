// The terminal's end of the wire, put together: link, presence, downlink and uplink, in the order in
// which a connection comes to life.
import type { UnixSeconds } from '../../runtime/core/brand.ts';
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import type { Entropy } from '../../runtime/core/entropy.ts';
import { Signal } from '../../runtime/core/event.ts';
import { type Ack, parseAck } from '../wire/ack.ts';
import { openDocument } from '../wire/document.ts';
import { type Parsed, refused } from '../wire/parsed.ts';
import type { BirthReason } from '../wire/presence.ts';
import type { Range } from '../wire/ranges.ts';
import { fetchNames } from '../wire/request.ts';
import { type DocumentName, operatorTopics, parseTopic, terminalTopics } from '../wire/topics.ts';
import { Commands } from './commands.ts';
import { Downlink } from './downlink.ts';
import { HostWatch } from './host-watch.ts';
import { JournalFloor } from './journal-floor.ts';
import { LeaseKeeper, type LeaseKeeperOptions } from './lease-keeper.ts';
import type {
  CommandPort,
  DocumentSink,
  KeyStore,
  Link,
  LinkMessage,
  LinkSession,
  TimeSink,
  UplinkJournal,
} from './ports.ts';
import { TerminalPresence } from './presence.ts';
import { Uplink } from './uplink.ts';

export const syncLimits = {
  /** Rows wait this long at most for the deny list to be brought up to date. */
  denyFirstMs: 5_000,
  /** While a larger document comes down, one batch at a time goes up. */
  windowWhileFetching: 1,
} as const;

export interface TerminalSyncOptions {
  readonly operator: string;
  readonly terminal: string;
  readonly journal: UplinkJournal;
  readonly keys: KeyStore;
  readonly link: Link;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly time: TimeSink;
  readonly sink: DocumentSink;
  readonly software: string;
  readonly clockState: () => string;
  /** Null while the clock is not trusted. */
  readonly now: () => UnixSeconds | null;
  /** Why this process started, told with its first birth. */
  readonly reason?: BirthReason;
  readonly recovered?: { readonly epoch: number; readonly range: Range };
  readonly backlogRows?: number;
  /** Larger documents this machine decides by; fares where nothing is said. */
  readonly documents?: readonly DocumentName[];
  /** Who carries out commands; without, none is heard. */
  readonly commands?: CommandPort;
  /** For a gate lane whose zone is counted. */
  readonly leases?: Pick<LeaseKeeperOptions, 'site' | 'zone' | 'places' | 'port'>;
}

export interface SyncStatus {
  readonly connected: boolean;
  /** A head end says that it is there. */
  readonly headEnd: boolean;
  readonly pendingRows: number;
  readonly inFlight: number;
}

export class TerminalSync {
  readonly uplink: Uplink;
  readonly downlink: Downlink;
  /** Null on a machine that takes no commands. */
  readonly commands: Commands | null;
  /** Null on a machine that counts nobody. */
  readonly leases: LeaseKeeper | null;
  /** After each change of `connected` or `headEnd`. */
  readonly changed = new Signal<SyncStatus>();
  readonly #options: TerminalSyncOptions;
  readonly #presence: TerminalPresence;
  readonly #hosts: HostWatch;
  readonly #documents: readonly DocumentName[];
  readonly #stops: (() => void)[] = [];
  #hostWindow = 0;
  #announced = false;
  /** The deny list was confirmed, renewed or refused on this connection: often before its subscription is answered. */
  #denyJudged = false;
  #denyWait: TimerHandle | null = null;
  #session: LinkSession | null = null;

  constructor(options: TerminalSyncOptions) {
    this.#options = options;
    const { journal, sink } = options;
    this.uplink = new Uplink({ ...options, openAck: (payload) => this.#openAck(payload) });
    this.#documents = options.documents ?? ['fares'];
    this.downlink = new Downlink({ ...options, documents: this.#documents, floor: new JournalFloor(journal) });
    this.commands = options.commands ? new Commands({ ...options, port: options.commands }) : null;
    this.leases = options.leases
      ? new LeaseKeeper({
          ...options,
          ...options.leases,
          now: () => (options.now() === null ? null : options.clock.wallMs()),
        })
      : null;
    this.#presence = new TerminalPresence({ ...options, versions: () => versionsOf(sink) });
    this.#hosts = new HostWatch({ ...options, changed: (window) => this.#hostChanged(window) });
  }

  start(): void {
    const { link } = this.#options;
    this.uplink.start();
    this.#stops.push(
      link.up.on((session) => void this.#linkUp(session)),
      link.down.on(() => this.#linkDown()),
      link.message.on((message) => this.#receive(message)),
      this.downlink.events.on((event) => {
        this.#applyWindow();
        if (event.name !== 'deny') return;
        this.#denyJudged = true;
        this.#begin();
      }),
      this.uplink.events.on((event) => {
        if (event.kind === 'stalled') this.#presence.announce(link, 'rebirth');
      }),
    );
    link.start(() => this.#presence.nextWill());
  }

  async stop(): Promise<void> {
    this.#presence.farewell(this.#options.link);
    await this.#options.link.stop();
    this.#linkDown();
    for (const stop of this.#stops.splice(0)) stop();
    await this.downlink.stop();
    await this.uplink.stop();
  }

  status(): SyncStatus {
    const { pendingRows, inFlight } = this.uplink.status();
    return { connected: this.#options.link.connected, headEnd: this.#hostWindow > 0, pendingRows, inFlight };
  }

  async #linkUp(session: LinkSession): Promise<void> {
    const { operator, terminal, link, clock, reason = 'power' } = this.#options;
    const own = terminalTopics(operator, terminal);
    const all = operatorTopics(operator);
    this.#session = session;
    this.#denyJudged = false;
    // Before the birth, because its answer comes on one of these topics.
    const filters = [
      own.ack,
      own.response('doc'),
      all.trust,
      all.denyHead,
      ...this.#documents.map(all.documentHead),
      all.anyHostState,
      ...(this.commands ? [own.command] : []),
      ...(this.leases ? [own.response('lease')] : []),
    ];
    this.#hosts.linkUp();
    this.downlink.linkUp();
    if (!(await link.subscribe(filters)) || this.#session !== session) return;
    this.#presence.announce(link, this.#announced ? 'network' : reason);
    this.#announced = true;
    this.#denyWait = clock.timer('sync.deny-first', syncLimits.denyFirstMs, () => this.#begin());
    if (this.#denyJudged) this.#begin();
    this.changed.emit(this.status());
  }

  /** Rows may go up: the deny list is up to date, or was waited for long enough. */
  #begin(): void {
    if (!this.#denyWait || !this.#session) return;
    this.#denyWait.cancel();
    this.#denyWait = null;
    this.uplink.linkUp(this.#session, this.#presence.birth, this.#presence.bornMs);
  }

  #linkDown(): void {
    this.#session = null;
    this.#denyWait?.cancel();
    this.#denyWait = null;
    this.uplink.linkDown();
    this.#hosts.linkDown();
    this.changed.emit(this.status());
  }

  #receive(message: LinkMessage): void {
    const address = parseTopic(message.topic);
    if (address?.to === 'ack' && address.terminal === this.#options.terminal) {
      // Before the first trust list no signature says anything, for or against. Rows are answered again.
      if (this.#options.sink.inForce('trust')) this.uplink.ackArrived(message.payload);
      return;
    }
    if (address?.to === 'host-state') return this.#hosts.receive(message);
    if (address?.to === 'command') {
      // Before the first trust list no signature says anything; the head end sends it again.
      if (this.#options.sink.inForce('trust')) this.commands?.receive(message);
      return;
    }
    if (address?.to === 'response' && address.operation === 'lease') {
      if (address.terminal === this.#options.terminal) this.leases?.receive(message);
      return;
    }
    this.downlink.receive(message);
    this.#applyWindow();
  }

  #hostChanged(window: number): void {
    this.#hostWindow = window;
    this.leases?.headEnd(window > 0);
    this.#applyWindow();
    this.changed.emit(this.status());
  }

  #applyWindow(): void {
    const { fetching } = this.downlink;
    this.uplink.allow(fetching ? Math.min(syncLimits.windowWhileFetching, this.#hostWindow) : this.#hostWindow);
  }

  #openAck(payload: Bytes): Parsed<Ack> {
    const { operator, terminal, sink } = this.#options;
    // An ack brings the time, so its own life cannot be judged by the clock it corrects.
    const opened = openDocument(payload, {
      kind: 'ack',
      operator,
      targets: [terminal],
      keyOf: (kid) => sink.keyOf(kid),
      now: null,
    });
    return opened.ok ? parseAck(opened.body) : refused(opened.refusal);
  }
}

function versionsOf(sink: DocumentSink): Readonly<Record<string, number>> {
  const versions: Record<string, number> = {};
  for (const name of ['trust', ...fetchNames] as const) {
    const known = sink.inForce(name);
    if (known) versions[name] = known.version;
  }
  return versions;
}
