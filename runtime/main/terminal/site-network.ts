// The other lanes or cabinets of a site over the site's own broker: their words become inputs of this machine, and its
// words theirs. Connected after the machine serves; until then, and whenever the broker is away, it decides by its own
// mode.
import { readFileSync, statSync } from 'node:fs';
import type { ClaimEvent, ClaimPort, Claims, Settlement } from '../../../sync/terminal/claims.ts';
import type { ClaimSubject } from '../../../sync/wire/claim.ts';
import { readSitePeers } from '../../../sync/wire/site-peers.ts';
import type { MonoMs } from '../../core/brand.ts';
import { type Bytes, fromHex, hex } from '../../core/bytes.ts';
import { systemEntropy } from '../../core/entropy.ts';
import { messageOf, StileError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import { decodeTicketUse, type TicketUse } from '../../machines/shared/use-ledger.ts';
import type { ConnectContext } from './machine-parts.ts';
import { readTls } from './tls-material.ts';

/** As the configuration has it. */
export interface Network {
  readonly brokers: readonly string[];
  readonly keyFile: string;
}

/** How the site's rules name this machine. */
export interface Place {
  readonly number: number;
  readonly lane: string;
}

/** This machine, as its neighbours need it. */
export interface SiteMember {
  readonly port: ClaimPort;
  /** The home of a ticket has said whether it may be used, and what it knows of it. */
  answered(answer: HomeAnswer): void;
  reachable(site: boolean, atMonoMs: MonoMs): void;
}

export interface HomeAnswer extends Pick<ClaimSubject, 'claimId' | 'issuer' | 'cti'> {
  readonly from: string;
  readonly granted: boolean;
  readonly use: TicketUse | null;
  readonly atMonoMs: MonoMs;
}

export const siteNetworkLimits = {
  /** Questions whose answer is waited for; one at a time is at the barrier, the rest are late. */
  asked: 16,
  /** Outcomes told before the connection is made. */
  early: 64,
} as const;

type Told = ClaimSubject & Omit<Settlement, 'subject'> & { readonly to: string };

export class SiteNetwork {
  readonly reachable = false;
  readonly #place: Place;
  readonly #network: Network;
  readonly #key: Bytes;
  readonly #asked = new Map<string, ClaimSubject>();
  readonly #early: { readonly to: string; readonly settlement: Settlement }[] = [];
  #claims: Claims | null = null;

  /** @throws StileError FILE_UNREADABLE, CONFIG_INVALID for the file of the site's key. */
  constructor(place: Place, network: Network) {
    this.#place = place;
    this.#network = network;
    this.#key = readSiteKey(network.keyFile);
  }

  ask({ to, claimId, issuer, cti, uses, validUntil }: ClaimSubject & { readonly to: string }): void {
    const subject = { claimId, issuer, cti, uses, validUntil };
    const [oldest] = this.#asked.keys();
    if (this.#asked.size >= siteNetworkLimits.asked && oldest !== undefined) this.#asked.delete(oldest);
    this.#asked.set(hex(claimId), subject);
    this.#claims?.claim(to, subject);
  }

  settle({ to, actId, outcome, more, ...claim }: Told): void {
    const { claimId, issuer, cti, uses, validUntil } = claim;
    const settlement = { subject: { claimId, issuer, cti, uses, validUntil }, actId, outcome, more };
    if (this.#claims) return this.#claims.settle(to, settlement);
    this.#early.push({ to, settlement });
    if (this.#early.length > siteNetworkLimits.early) this.#early.shift();
  }

  async connect(member: SiteMember, context: ConnectContext): Promise<{ stop(): Promise<void> }> {
    const [{ Claims: ClaimsOf }, { MqttLink }] = await Promise.all([
      import('../../../sync/terminal/claims.ts'),
      import('../../../sync/terminal/link/mqtt-link.ts'),
    ]);
    const { identity, documents, clock, logger, now, tls } = context;
    const { operator, terminal, journalKey } = identity;
    const common = { clock, entropy: systemEntropy };
    const { brokers } = this.#network;
    const certificates = tls && { tls: readTls(tls) };
    const link = new MqttLink({ ...common, brokers, clientId: terminal, log: logger, ...certificates });
    const claims = new ClaimsOf({
      ...common,
      operator,
      site: String(this.#place.number),
      terminal,
      lane: this.#place.lane,
      siteKey: this.#key,
      link,
      keys: journalKey,
      now,
      peers: () => {
        const read = documents.rules === null ? null : readSitePeers(documents.rules.body);
        return read?.ok ? read.value : [];
      },
      port: member.port,
    });
    claims.reachable.on((site) => {
      logger.info(site ? 'site network reached' : 'site network lost');
      member.reachable(site, clock.monoMs());
    });
    claims.events.on((event) => {
      if (event.kind === 'answered') this.#answered(member, event, logger, clock.monoMs());
      else logger.warn('site network', { kind: event.kind, detail: 'problem' in event ? event.problem : event.detail });
    });
    this.#claims = claims;
    claims.start();
    for (const { to, settlement } of this.#early.splice(0)) claims.settle(to, settlement);
    return claims;
  }

  #answered(
    member: SiteMember,
    { from, claimId, answer: { decision, use } }: Extract<ClaimEvent, { kind: 'answered' }>,
    logger: Logger,
    atMonoMs: MonoMs,
  ): void {
    const subject = this.#asked.get(hex(claimId));
    if (!subject) return;
    this.#asked.delete(hex(claimId));
    const { issuer, cti } = subject;
    try {
      const known = use === null ? null : decodeTicketUse(use);
      const granted = decision === 'granted';
      member.answered({ from, claimId, issuer, cti, granted, use: known, atMonoMs });
    } catch (error) {
      logger.warn('site network', { kind: 'answer', detail: messageOf(error) });
    }
  }
}

/** Refused though something is left of it: somebody holds it. */
export function decisionOf(
  { granted, entries }: { readonly granted: boolean; readonly entries: number },
  uses: number,
) {
  if (granted) return 'granted';
  return entries < uses ? 'busy' : 'used';
}

function readSiteKey(file: string): Bytes {
  let text: string;
  let open: boolean;
  try {
    open = (statSync(file).mode & 0o077) !== 0;
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new StileError('FILE_UNREADABLE', `site key ${file}: ${messageOf(cause)}`, {
      remedy: 'Set "site.network.keyFile" to the file with the key that the machines of the site share.',
      cause,
    });
  }
  if (open)
    throw new StileError('IDENTITY_INVALID', `site key ${file} is readable by other users`, {
      remedy: `Run: chmod 600 ${file}`,
    });
  if (/^[0-9a-f]{64}$/.test(text)) return fromHex(text);
  throw new StileError('CONFIG_INVALID', `site key ${file} is not 64 hexadecimal digits`, {
    remedy: 'Give every machine of the site the same 32 random bytes, in hexadecimal.',
  });
}
