// The codes that people in a scenario carry, under the names of its file: real credentials, presentations,
// tickets and loan authorisations, minted by simulated issuers and signed with real keys.

import { codeBytes, Issuer } from '../../../simulators/issuer/issuer.ts';
import { makeKeyPair } from '../../../simulators/issuer/key-pair.ts';
import { flippedBit } from '../../../simulators/wallet/forgeries.ts';
import { holderOf, Wallet } from '../../../simulators/wallet/wallet.ts';
import { type UnixSeconds, unixSeconds } from '../../core/brand.ts';
import { type Bytes, hex, utf8 } from '../../core/bytes.ts';
import type { Entropy } from '../../core/entropy.ts';
import { sha256 } from '../../core/sha256.ts';
import { homeOf } from '../../machines/cabinet/home-machine.ts';
import { algorithms } from '../../tokens/keys.ts';
import { localSeconds } from './local-time.ts';
import type { ScanAct } from './step-format.ts';
import type { AccountSetting, TicketSetting, WorldSetting } from './world-format.ts';

/** Tries to find a token id whose home is the wanted machine: with 16 machines one miss in 10^28. */
const homeTries = 1_000;
const standard = {
  product: 1,
  capMinor: 1_000,
  credentialSeconds: 3 * 86_400,
  rotateSeconds: 5,
  soldSecondsAgo: 30,
} as const;

interface Paper {
  readonly code: string;
  readonly issuer: string;
  readonly cti: Bytes;
}

export class Codes {
  readonly issuers: ReadonlyMap<string, Issuer>;
  readonly #wallets = new Map<string, { readonly wallet: Wallet; readonly issuer: string }>();
  readonly #papers = new Map<string, Paper>();
  readonly #kept = new Map<string, string>();
  readonly #world: WorldSetting;
  readonly #entropy: Entropy;
  readonly #startsAt: UnixSeconds;

  constructor(world: WorldSetting, startsAt: UnixSeconds, entropy: Entropy) {
    this.#world = world;
    this.#entropy = entropy;
    this.#startsAt = startsAt;
    const currency = String(world.fares?.['currency'] ?? 'EUR');
    this.issuers = new Map(
      (world.issuers ?? ['metro']).map((iss) => [
        iss,
        new Issuer({ iss, currency, key: makeKeyPair(algorithms.EdDSA), entropy }),
      ]),
    );
    for (const [name, setting] of Object.entries(world.accounts ?? {})) this.#open(name, setting);
    for (const [name, setting] of Object.entries(world.tickets ?? {})) this.#print(name, setting);
  }

  /** The bytes that the reader gets. `now` is the phone's own time. */
  shown(act: ScanAct, now: UnixSeconds): Bytes {
    const code = this.#code(act, now);
    if (act.keep !== undefined) this.#kept.set(act.keep, code);
    return codeBytes(act.forge === undefined ? code : flippedBit(code));
  }

  /** Name of an account or of a ticket, from what a record says of it. */
  nameOfAccount(issuer: string | undefined, account: Bytes): string | null {
    for (const [name, held] of this.#wallets)
      if (hex(held.wallet.account) === hex(account) && (issuer === undefined || held.issuer === issuer)) return name;
    return null;
  }

  nameOfTicket(issuer: string | undefined, cti: Bytes): string | null {
    for (const [name, paper] of this.#papers)
      if (hex(paper.cti) === hex(cti) && (issuer === undefined || paper.issuer === issuer)) return name;
    return null;
  }

  /** What a deny list says of a name: an account, or else a token id. */
  denied(name: string): { readonly issuer: string; readonly type: 1 | 2; readonly id: Bytes } | null {
    const held = this.#wallets.get(name);
    if (held !== undefined) return { issuer: held.issuer, type: 1, id: held.wallet.account };
    const paper = this.#papers.get(name);
    return paper === undefined ? null : { issuer: paper.issuer, type: 2, id: paper.cti };
  }

  tickets(): ReadonlyMap<string, { readonly issuer: string; readonly cti: Bytes }> {
    return this.#papers;
  }

  #code(act: ScanAct, now: UnixSeconds): string {
    if (act.text !== undefined) return act.text;
    if (act.picture !== undefined) return known(this.#kept.get(act.picture), `no code was kept as ${act.picture}`);
    const name = act.show ?? '';
    const paper = this.#papers.get(name);
    if (paper !== undefined) return paper.code;
    const { wallet } = known(this.#wallets.get(name), `nobody is named ${name}`);
    const at = unixSeconds(now - (act.madeSecondsAgo ?? 0));
    return act.fresh === true || act.madeSecondsAgo !== undefined ? wallet.freshCode(at) : wallet.code(at);
  }

  #open(name: string, setting: AccountSetting): void {
    const issuer = this.#issuer(setting.issuer);
    const key = makeKeyPair(algorithms.ES256);
    const account = sha256(utf8(`account ${setting.number ?? name}`)).subarray(0, 8);
    const iat = unixSeconds(this.#startsAt - 3_600);
    const credential = issuer.credential(holderOf(key), account, iat, {
      product: setting.product ?? standard.product,
      fareCapMinor: setting.capMinor ?? standard.capMinor,
      exp: unixSeconds(this.#startsAt + (setting.lifeSeconds ?? standard.credentialSeconds)),
    });
    const rotateSeconds = setting.rotateSeconds ?? standard.rotateSeconds;
    this.#wallets.set(name, { wallet: new Wallet({ key, account, credential, rotateSeconds }), issuer: issuer.iss });
  }

  #print(name: string, setting: TicketSetting): void {
    const issuer = this.#issuer(setting.issuer);
    const iat = unixSeconds(this.#startsAt - (setting.soldSecondsAgo ?? standard.soldSecondsAgo));
    const cti = this.#tokenId(issuer.iss, setting.home);
    const product = setting.product ?? standard.product;
    const site = setting.site === undefined ? (this.#world.site ?? 1) : setting.site;
    const account = sha256(utf8(`account ${setting.account ?? name}`)).subarray(0, 8);
    const language = setting.language === undefined ? {} : { language: setting.language };
    const print = (code: string): void => void this.#papers.set(name, { code, issuer: issuer.iss, cti });
    switch (setting.kind ?? 'ticket') {
      case 'loan':
        return print(
          issuer.loan(account, site ?? 0, iat, { cti, depositMinor: setting.depositMinor ?? 0, ...language }),
        );
      case 'bearer':
        return print(issuer.bearer(account, iat, { cti, product, ...(site === null ? {} : { site }) }));
      case 'ticket': {
        const zone = this.#world.timeZone ?? 'UTC';
        const nbf =
          setting.from === undefined ? unixSeconds(this.#startsAt - 86_400) : localSeconds(setting.from, zone);
        const exp = setting.to === undefined ? unixSeconds(this.#startsAt + 86_400) : localSeconds(setting.to, zone);
        const gates = setting.gates === undefined ? {} : { gates: bitmap(setting.gates) };
        const uses = setting.uses === undefined ? {} : { admissions: setting.uses };
        return print(issuer.ticket({ nbf, exp }, site ?? 0, iat, { cti, product, ...gates, ...uses }));
      }
    }
  }

  #tokenId(issuer: string, home: string | undefined): Bytes {
    const gates = this.#world.rules?.['gates'] as readonly { readonly id: string }[] | undefined;
    const places = gates?.map(({ id }) => id) ?? Object.keys(this.#world.machines);
    for (let tries = 0; tries < homeTries; tries++) {
      const cti = this.#entropy.bytes(8);
      if (home === undefined || homeOf(issuer, cti, places) === home) return cti;
    }
    throw new RangeError(`no token id has its home at ${home}: it is not a machine of this world`);
  }

  #issuer(name: string | undefined): Issuer {
    const [first] = this.issuers.values();
    return known(name === undefined ? first : this.issuers.get(name), `no issuer is named ${name}`);
  }
}

/** Bit 0 is the lowest bit of byte 0. */
function bitmap(groups: readonly number[]): Bytes {
  const bytes = new Uint8Array(Math.floor(Math.max(0, ...groups) / 8) + 1);
  for (const group of groups) bytes[group >> 3] = (bytes[group >> 3] ?? 0) | (1 << (group & 7));
  return bytes;
}

/** A name that the file does not explain. @throws RangeError. */
function known<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw new RangeError(otherwise);
  return value;
}
