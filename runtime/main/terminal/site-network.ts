// The other lanes of a site over the site's own broker: their words become inputs of this lane's desk, and its words
// theirs. Connected after the lane serves; until then, and whenever the broker is away, the lane decides by its own mode.
import { readFileSync } from 'node:fs';
import type { ClaimAnswer, ClaimPort, Claims, Settlement } from '../../../sync/terminal/claims.ts';
import type { ClaimSubject } from '../../../sync/wire/claim.ts';
import { readSitePeers } from '../../../sync/wire/site-peers.ts';
import { unixSeconds } from '../../core/brand.ts';
import { type Bytes, fromHex, hex } from '../../core/bytes.ts';
import { systemEntropy } from '../../core/entropy.ts';
import { messageOf, StileError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import { decodeTicketUse, encodeTicketUse, type TicketUse } from '../../machines/shared/use-ledger.ts';
import type { GateLaneDesk } from '../../terminal/gate-lane/gate-lane-desk.ts';
import type { LanePeers } from '../../terminal/gate-lane/lane-peers.ts';
import type { GateLaneTerminalConfig } from '../config/gate-lane.ts';
import type { ConnectContext } from './machine-parts.ts';

type Network = NonNullable<GateLaneTerminalConfig['site']['network']>;

export const siteNetworkLimits = {
  /** Questions whose answer is waited for; one at a time is at the barrier, the rest are late. */
  asked: 16,
  /** Outcomes told before the connection is made. */
  early: 64,
} as const;

export class SiteNetwork implements LanePeers {
  readonly reachable = false;
  readonly #site: GateLaneTerminalConfig['site'];
  readonly #network: Network;
  readonly #key: Bytes;
  readonly #asked = new Map<string, ClaimSubject>();
  readonly #early: { readonly to: string; readonly settlement: Settlement }[] = [];
  #claims: Claims | null = null;

  /** @throws StileError FILE_UNREADABLE, CONFIG_INVALID for the file of the site's key. */
  constructor(site: GateLaneTerminalConfig['site'], network: Network) {
    this.#site = site;
    this.#network = network;
    this.#key = readSiteKey(network.keyFile);
  }

  ask({ to, claimId, issuer, cti, uses, validUntil }: Parameters<LanePeers['ask']>[0]): void {
    const subject = { claimId, issuer, cti, uses, validUntil };
    const [oldest] = this.#asked.keys();
    if (this.#asked.size >= siteNetworkLimits.asked && oldest !== undefined) this.#asked.delete(oldest);
    this.#asked.set(hex(claimId), subject);
    this.#claims?.claim(to, subject);
  }

  settle({ to, actId, outcome, more, ...claim }: Parameters<LanePeers['settle']>[0]): void {
    const { claimId, issuer, cti, uses, validUntil } = claim;
    const settlement = { subject: { claimId, issuer, cti, uses, validUntil }, actId, outcome, more };
    if (this.#claims) return this.#claims.settle(to, settlement);
    this.#early.push({ to, settlement });
    if (this.#early.length > siteNetworkLimits.early) this.#early.shift();
  }

  async connect(desk: GateLaneDesk, context: ConnectContext): Promise<{ stop(): Promise<void> }> {
    const [{ Claims: ClaimsOf }, { MqttLink }] = await Promise.all([
      import('../../../sync/terminal/claims.ts'),
      import('../../../sync/terminal/link/mqtt-link.ts'),
    ]);
    const { identity, documents, clock, logger, now } = context;
    const { operator, terminal, journalKey } = identity;
    const common = { clock, entropy: systemEntropy };
    const link = new MqttLink({ ...common, brokers: this.#network.brokers, clientId: terminal, log: logger });
    const claims = new ClaimsOf({
      ...common,
      operator,
      site: String(this.#site.number),
      terminal,
      lane: this.#site.lane,
      siteKey: this.#key,
      link,
      keys: journalKey,
      now,
      peers: () => {
        const read = documents.rules === null ? null : readSitePeers(documents.rules.body);
        return read?.ok ? read.value : [];
      },
      port: claimPort(desk),
    });
    claims.reachable.on((site) => {
      logger.info(site ? 'site network reached' : 'site network lost');
      desk.heard({ kind: 'Network', site, atMonoMs: clock.monoMs() });
    });
    claims.events.on((event) => {
      if (event.kind === 'answered')
        this.#answered(desk, event.from, event.claimId, event.answer, logger, clock.monoMs());
      else logger.warn('site network', { kind: event.kind, detail: 'problem' in event ? event.problem : event.detail });
    });
    this.#claims = claims;
    claims.start();
    for (const { to, settlement } of this.#early.splice(0)) claims.settle(to, settlement);
    return claims;
  }

  #answered(
    desk: GateLaneDesk,
    from: string,
    claimId: Bytes,
    { decision, use }: ClaimAnswer,
    logger: Logger,
    atMonoMs: Parameters<GateLaneDesk['heard']>[0]['atMonoMs'],
  ): void {
    const subject = this.#asked.get(hex(claimId));
    if (!subject) return;
    this.#asked.delete(hex(claimId));
    const { issuer, cti } = subject;
    try {
      const known = use === null ? null : decodeTicketUse(use);
      const granted = decision === 'granted';
      desk.heard({ kind: 'ClaimAnswer', from, claimId, issuer, cti, granted, use: known, atMonoMs });
    } catch (error) {
      logger.warn('site network', { kind: 'answer', detail: messageOf(error) });
    }
  }
}

const claimPort = (desk: GateLaneDesk): ClaimPort => ({
  onClaim: async (from, subject) => {
    const answer = await desk.claim(from, { ...subject, validUntil: unixSeconds(subject.validUntil) });
    if (!answer) return null;
    return {
      decision: decisionOf(answer, subject.uses),
      use: answer.use === null ? null : encodeTicketUse(answer.use),
    };
  },
  onSettled: (from, { subject, actId, outcome, more }) =>
    desk.settled(from, { ...subject, validUntil: unixSeconds(subject.validUntil), actId, outcome, more }),
});

/** Refused though something is left of it: somebody holds it. */
function decisionOf(answer: { readonly granted: boolean; readonly use: TicketUse | null }, uses: number) {
  if (answer.granted) return 'granted';
  return (answer.use?.entries ?? 0) < uses ? 'busy' : 'used';
}

function readSiteKey(file: string): Bytes {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new StileError('FILE_UNREADABLE', `site key ${file}: ${messageOf(cause)}`, {
      remedy: 'Set "site.network.keyFile" to the file with the key that the machines of the site share.',
      cause,
    });
  }
  if (/^[0-9a-f]{64}$/.test(text)) return fromHex(text);
  throw new StileError('CONFIG_INVALID', `site key ${file} is not 64 hexadecimal digits`, {
    remedy: 'Give every machine of the site the same 32 random bytes, in hexadecimal.',
  });
}
