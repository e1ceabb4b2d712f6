// The street behind the page: turns what a person does there into acts on the stage, and the stage into
// what the page shows. Lamp and sound come from the board's pins alone.
import { join } from 'node:path';
import type { StreetAction, StreetSnapshot, StreetWorld } from '../../../simulators/street/world.ts';
import { flippedBit, staleCode } from '../../../simulators/wallet/forgeries.ts';
import { Wallet, walletDefaults } from '../../../simulators/wallet/wallet.ts';
import { type LedgerReader, openLedgerReader } from '../../../sync/headend/store/read-ledger.ts';
import type { UnixSeconds } from '../../core/brand.ts';
import { hex } from '../../core/bytes.ts';
import { repeat, sleep, type TimerHandle } from '../../core/clock.ts';
import { LiveMuseum } from './live-museum.ts';
import { streetNames, streetPins } from './names.ts';
import { lineShown, rowShown, shownRows } from './shown-rows.ts';
import type { Stage } from './stage.ts';

const lookEveryMs = 250;
/** How long "hold on the glass" lasts. */
const holdSeconds = 12;

export class LiveWorld implements StreetWorld {
  readonly museum: LiveMuseum;
  readonly #stage: Stage;
  readonly #phoneShows: 'presentation' | 'bearer';
  readonly #listeners = new Set<() => void>();
  #wallet: Wallet;
  #bearer: { readonly period: number; readonly code: string } | null = null;
  #denied = false;
  #cut = false;
  #ledger: LedgerReader | null = null;
  #rows: Pick<StreetSnapshot, 'journal' | 'ledger' | 'counts'> = nothingYet;
  #looking: TimerHandle | null = null;

  constructor(stage: Stage, phoneShows: 'presentation' | 'bearer') {
    this.#stage = stage;
    this.#phoneShows = phoneShows;
    this.#wallet = this.#newWallet();
    stage.board.pinChanged.on(() => this.#changed());
    stage.terminal.changed.on(() => this.#changed());
    stage.headEnd.changed.on(() => this.#changed());
    this.museum = new LiveMuseum(stage.museum, stage.clock, () => this.#changed());
  }

  start(): void {
    this.museum.start();
    this.#looking = repeat(this.#stage.clock, 'street-look', lookEveryMs, () => void this.#look());
  }

  stop(): void {
    this.#looking?.cancel();
    this.museum.stop();
    this.#ledger?.close();
    this.#ledger = null;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  snapshot(): StreetSnapshot {
    const { terminal, headEnd, board, scannerLine, pins } = this.#stage;
    const lit = (pin: number): boolean => board.pin(pin).level === 1;
    return {
      terminal: { id: streetNames.terminal, process: terminal.state, pid: terminal.pid },
      board: {
        connected: board.pin(streetPins.buzzer).mode === 1,
        lamp: {
          green: lit(streetPins.green),
          red: lit(streetPins.red),
          amber: lit(streetPins.amber),
          white: lit(streetPins.white),
        },
        buzzer: lit(streetPins.buzzer),
        beeps: pins.tones,
        changedAtMs: pins.changedAtMs,
      },
      reader: { plugged: scannerLine.plugged, path: scannerLine.path },
      network: this.#cut ? 'cut' : 'up',
      headEnd: headEnd.state === 'running' ? 'running' : 'stopped',
      phone: {
        account: hex(this.#wallet.account),
        code: this.#code(),
        ...this.#rotation(),
        denied: this.#denied,
        balanceHidden: true,
      },
      ...this.#rows,
      museum: this.museum.snapshot(),
    };
  }

  async present(code: string): Promise<string> {
    await this.#stage.present(code, { story: 'page', account: null, genuine: code === this.#code() });
    return this.#notRead() ?? '';
  }

  async act(action: StreetAction): Promise<string> {
    const said = await this.#perform(action);
    this.#changed();
    return isPresenting(action) ? (this.#notRead() ?? said) : said;
  }

  /** Why nobody answers to a code that is shown now. */
  #notRead(): string | null {
    if (!this.#stage.scannerLine.plugged) return 'The reader is unplugged: nobody read the code.';
    if (this.#stage.terminal.state !== 'running') return 'The terminal is not running: nobody took the code.';
    return null;
  }

  async #perform(action: StreetAction): Promise<string> {
    const stage = this.#stage;
    switch (action) {
      case 'ride':
        await this.#present(this.#code(), true);
        return 'The phone was held before the reader.';
      case 'hold':
        return this.#hold();
      case 'forge':
        await this.#present(flippedBit(this.#wallet.freshCode(stage.now())), false);
        return 'A code with one bit changed was shown.';
      case 'stale':
        await this.#present(staleCode(this.#wallet, stage.now()), false);
        return 'A two minutes old picture of a code was shown.';
      case 'foreign':
        await this.#present(Wallet.open(stage.setting.foreignIssuer, issuedAt(stage)).freshCode(stage.now()), false);
        return 'A code of an issuer this bus does not know was shown.';
      case 'deny':
        await stage.order('deny', this.#wallet.account);
        this.#denied = true;
        return 'The head end put this account on the deny list; terminals that are connected learn it at once.';
      case 'pardon':
        await stage.order('pardon', this.#wallet.account);
        this.#denied = false;
        return 'The head end took this account off the deny list.';
      case 'cut-network':
        stage.proxy.cut();
        this.#cut = true;
        return 'The network is cut. The bus goes on without it.';
      case 'restore-network':
        stage.proxy.restore();
        this.#cut = false;
        return 'The network is back. What waited is on its way.';
      case 'unplug-reader':
        await stage.scannerLine.unplug();
        return 'The reader is unplugged.';
      case 'plug-reader':
        await stage.scannerLine.replug();
        return 'The reader is plugged in again.';
      case 'kill-terminal':
        await stage.terminal.end('SIGKILL');
        return 'The terminal process was killed, as by a pulled plug.';
      case 'restart-terminal':
        await stage.terminal.start();
        return 'The terminal started again from its journal.';
      case 'stop-headend':
        await stage.headEnd.end('SIGKILL');
        return 'The head end was killed.';
      case 'start-headend':
        await stage.headEnd.start();
        return 'The head end runs again.';
      default:
        return action satisfies never;
    }
  }

  /** A phone left on the glass, its code rotating. */
  async #hold(): Promise<string> {
    for (let second = 0; second < holdSeconds; second++) {
      await this.#present(this.#code(), true);
      await sleep(this.#stage.clock, 'street-hold', 1_000);
    }
    return `The phone lay on the reader for ${holdSeconds} seconds.`;
  }

  async #present(code: string, genuine: boolean): Promise<void> {
    await this.#stage.present(code, { story: 'page', account: this.#wallet.account, genuine });
  }

  #code(): string {
    const now = this.#stage.now();
    if (this.#phoneShows === 'presentation') return this.#wallet.code(now);
    const period = Math.floor(now / walletDefaults.rotateSeconds);
    if (this.#bearer?.period !== period) {
      this.#bearer = { period, code: this.#stage.setting.issuer.bearer(this.#wallet.account, now) };
    }
    return this.#bearer.code;
  }

  #rotation(): { readonly refreshesInMs: number; readonly refreshesEveryMs: number } {
    const everyMs = walletDefaults.rotateSeconds * 1000;
    return { refreshesInMs: everyMs - (this.#stage.clock.wallMs() % everyMs), refreshesEveryMs: everyMs };
  }

  async #look(): Promise<void> {
    this.#ledger ??= await openLedgerReader(join(this.#stage.setting.headEndData, 'headend.db')).catch(() => null);
    const journal = this.#stage.sight.newest(200);
    const arrived = this.#ledger?.newest(400) ?? [];
    const stored = arrived.filter(({ terminal }) => terminal === streetNames.terminal);
    this.museum.look(arrived);
    // Bookkeeping at the very end goes up with the next row: nothing of it waits.
    const newestSeq = journal.findLast(({ type }) => type !== 'CHECKPOINT' && type !== 'RECEIPT')?.seq ?? -1;
    const storedSeq = Math.max(-1, ...stored.map((row) => row.seq));
    this.#rows = {
      journal: journal
        .slice(-shownRows)
        .reverse()
        .map(({ ref, body }) => rowShown(streetNames.terminal, ref, body)),
      ledger: [...stored]
        .sort((a, b) => b.seq - a.seq)
        .slice(0, shownRows)
        .map(lineShown),
      counts: {
        journalRides: this.#stage.sight.look()?.accepted ?? 0,
        ledgerRides: this.#ledger?.rides() ?? 0,
        waiting: Math.max(0, newestSeq - storedSeq),
      },
    };
    this.#changed();
  }

  #newWallet(): Wallet {
    return Wallet.open(this.#stage.setting.issuer, issuedAt(this.#stage));
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

const isPresenting = (action: StreetAction): boolean => ['ride', 'hold', 'forge', 'stale', 'foreign'].includes(action);

const issuedAt = (stage: Stage): UnixSeconds => (stage.now() - 3_600) as UnixSeconds;

const nothingYet: Pick<StreetSnapshot, 'journal' | 'ledger' | 'counts'> = {
  journal: [],
  ledger: [],
  counts: { journalRides: 0, ledgerRides: 0, waiting: 0 },
};
