// A fixed story without a person: what a commuter, a forger, a bad network and a pulled plug do to a bus.
// The story only acts and notes what should come of it; whether it did is for the checker to say.
import { flippedBit, staleCode } from '../../../simulators/wallet/forgeries.ts';
import { Wallet } from '../../../simulators/wallet/wallet.ts';
import type { UnixSeconds } from '../../core/brand.ts';
import { sleep } from '../../core/clock.ts';
import { monotonicUs } from './awaited.ts';
import type { Stage } from './stage.ts';
import type { Outage, ToldStep } from './told.ts';

/** What a step should come to: charges in the journal, accept cues at the board, refusals. */
export interface Expected {
  readonly charges: number;
  readonly accepted: number;
  readonly refused: number;
}

const tourFigures = { offlineRides: 20, burstRides: 24, killAtRide: 9, lingerSeconds: 8 } as const;
const credentialAgeSeconds = 3_600;
/** The next rider comes when the tone has ended: two tones at once are one. */
const toneMs = 250;
/** A presence ends after this; so does a cue. */
const betweenStepsMs = 3_300;

export class BusStory {
  readonly steps: ToldStep<Expected>[] = [];
  readonly kills: { readonly atUs: number; readonly fired: boolean }[] = [];
  readonly brokerStops: { readonly fromUs: number; readonly toUs: number }[] = [];
  readonly #stage: Stage;
  readonly #outage: Outage;
  readonly #say: (line: string) => void;

  constructor(stage: Stage, outage: Outage, say: (line: string) => void) {
    this.#stage = stage;
    this.#outage = outage;
    this.#say = say;
  }

  async play(): Promise<void> {
    const stage = this.#stage;
    const first = this.#wallet();
    const code = first.freshCode(stage.now());
    await this.#step('ride, and the same code again', { charges: 1, accepted: 1, refused: 0 }, async () => {
      await this.#shown(code, 'ride', first);
      await sleep(stage.clock, 'tour-repeat', 1_800);
      await this.#repeat(code, first);
    });
    await this.#step('lingering phone', { charges: 1, accepted: 1, refused: 0 }, () => this.#linger());
    await this.#step('stale code', refusedOnce, () =>
      this.#refused('stale', (wallet) => staleCode(wallet, stage.now())),
    );
    await this.#step('forged code', refusedOnce, () =>
      this.#refused('forged', (wallet) => flippedBit(wallet.freshCode(stage.now()))),
    );
    await this.#step('unknown issuer', refusedOnce, () => this.#foreign());
    await this.#step('denied account', refusedOnce, () => this.#denied());
    const { offlineRides, burstRides } = tourFigures;
    await this.#step('head end stopped', { charges: offlineRides, accepted: offlineRides, refused: 0 }, () =>
      this.#offline(),
    );
    await this.#step(
      'terminal killed in a burst',
      { charges: burstRides, accepted: burstRides, refused: burstRides },
      () => this.#burst(),
    );
    await this.#step('a ride after all that', { charges: 1, accepted: 1, refused: 0 }, async () => {
      const wallet = this.#wallet();
      await this.#shown(wallet.freshCode(stage.now()), 'ride', wallet);
    });
  }

  async #step(name: string, expected: Expected, play: () => Promise<void>): Promise<void> {
    this.#say(`bus-1: ${name}`);
    const fromUs = monotonicUs();
    await play();
    await sleep(this.#stage.clock, 'tour-step', betweenStepsMs);
    this.steps.push({ name, fromUs, toUs: monotonicUs(), expected });
  }

  /** Shows a good code and waits for the tone. */
  async #shown(code: string, story: string, wallet: Wallet): Promise<void> {
    const { pins } = this.#stage;
    const before = pins.tones;
    await this.#stage.present(code, { story, account: wallet.account, genuine: true });
    await this.#stage.until(`the tone for ${story}`, () => pins.tones > before);
    await sleep(this.#stage.clock, 'tour-tone', toneMs);
  }

  /** The same code again within its presence: green stays, no tone, no charge. */
  async #repeat(code: string, wallet: Wallet): Promise<void> {
    const { pins } = this.#stage;
    const before = pins.greens;
    await this.#stage.present(code, { story: 'repeat', account: wallet.account, genuine: true });
    await this.#stage.until('green for a repeat', () => pins.greens > before);
  }

  async #linger(): Promise<void> {
    const wallet = this.#wallet();
    const first = wallet.freshCode(this.#stage.now());
    await this.#shown(first, 'linger', wallet);
    for (let second = 0; second < tourFigures.lingerSeconds; second++) {
      await sleep(this.#stage.clock, 'tour-linger', 1_000);
      const code = wallet.freshCode(this.#stage.now());
      await this.#stage.present(code, { story: 'linger', account: wallet.account, genuine: true });
    }
  }

  /** Shows a code that must be refused and waits for red. */
  async #refused(story: string, make: (wallet: Wallet) => string): Promise<void> {
    const wallet = this.#wallet();
    await this.#red(story, make(wallet), wallet);
  }

  async #red(story: string, code: string, wallet: Wallet): Promise<void> {
    const { pins } = this.#stage;
    const before = pins.reds;
    await this.#stage.present(code, { story, account: wallet.account, genuine: false });
    await this.#stage.until(`red for ${story}`, () => pins.reds > before);
    await sleep(this.#stage.clock, 'tour-red', 1_000);
  }

  async #foreign(): Promise<void> {
    const wallet = Wallet.open(this.#stage.setting.foreignIssuer, this.#issuedAt());
    await this.#red('foreign', wallet.freshCode(this.#stage.now()), wallet);
  }

  async #denied(): Promise<void> {
    const wallet = this.#wallet();
    const listBefore = this.#stage.denyVersion();
    await this.#stage.order('deny', wallet.account);
    await this.#stage.until('the new deny list', () => this.#stage.denyVersion() > listBefore);
    await this.#red('denied', wallet.freshCode(this.#stage.now()), wallet);
  }

  async #offline(): Promise<void> {
    const stage = this.#stage;
    await this.#outage.allowed.reached;
    const fromUs = monotonicUs();
    await stage.headEnd.end('SIGKILL');
    this.#outage.begun.reach();
    for (let ride = 0; ride < tourFigures.offlineRides; ride++) {
      const wallet = this.#wallet();
      await this.#shown(wallet.freshCode(stage.now()), 'offline', wallet);
    }
    await this.#outage.enough.reached;
    await stage.headEnd.start();
    this.brokerStops.push({ fromUs, toUs: monotonicUs() });
  }

  /** Codes one after the other without waiting for answers, the terminal killed in the middle. */
  async #burst(): Promise<void> {
    const stage = this.#stage;
    const wallets = Array.from({ length: tourFigures.burstRides }, () => this.#wallet());
    for (const [at, wallet] of wallets.entries()) {
      if (at === tourFigures.killAtRide) await this.#kill();
      if (stage.terminal.state !== 'running') await this.#revive();
      await stage.present(wallet.freshCode(stage.now()), { story: 'burst', account: wallet.account, genuine: true });
    }
    const { pins } = stage;
    for (let tones = -1; tones !== pins.tones; ) {
      tones = pins.tones;
      await sleep(stage.clock, 'tour-burst', 1_000);
    }
  }

  async #kill(): Promise<void> {
    const atUs = monotonicUs();
    await this.#stage.terminal.end('SIGKILL');
    this.kills.push({ atUs, fired: this.#stage.terminal.state === 'dead' });
  }

  async #revive(): Promise<void> {
    await this.#stage.startTerminal();
    await sleep(this.#stage.clock, 'tour-revive', 2_500);
  }

  #wallet(): Wallet {
    return Wallet.open(this.#stage.setting.issuer, this.#issuedAt());
  }

  #issuedAt(): UnixSeconds {
    return (this.#stage.now() - credentialAgeSeconds) as UnixSeconds;
  }
}

const refusedOnce: Expected = { charges: 0, accepted: 0, refused: 1 };
