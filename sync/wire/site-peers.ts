// The machines of a site, as its signed rules name them: which gate lane or cabinet a terminal is, and the
// journal key it signs with. Who is not named there is not believed on the site's broker.
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type CborMap, type CborValue, isMap, plain } from '../../runtime/core/cbor.ts';
import { ed25519Key } from '../../runtime/tokens/keys.ts';
import { bytesOf, idText } from './fields.ts';
import { type Parsed, parseValue, refused } from './parsed.ts';

export const peerLimits = { peers: 64 } as const;

export interface SitePeer {
  /** Gate lane or cabinet, as the site names it. */
  readonly lane: string;
  readonly terminal: string;
  readonly key: KeyObject;
}

const schema = z
  .array(z.object({ lane: idText, terminal: idText, key: bytesOf(32) }))
  .max(peerLimits.peers)
  .default([]);

/** `rules` is the body of a site's rules; without the field `peers` the site has none. */
export function readSitePeers(rules: CborValue): Parsed<readonly SitePeer[]> {
  if (!isMap(rules)) return refused('rules: not a map');
  const parsed = parseValue(plain(rules.get('peers') ?? []), schema);
  if (!parsed.ok) return refused(`peers.${parsed.problem}`);
  const peers: SitePeer[] = [];
  for (const { lane, terminal, key: raw } of parsed.value) {
    const key = ed25519Key(raw);
    if (!key) return refused(`peers: the key of ${terminal} is not an Ed25519 public key`);
    if (peers.some((other) => other.lane === lane || other.terminal === terminal))
      return refused(`peers: ${lane} or ${terminal} stands there twice`);
    peers.push({ lane, terminal, key });
  }
  return { ok: true, value: peers };
}

/** The rules alone, for a decoder that knows nothing of keys. */
export const withoutPeers = (rules: CborMap): CborMap => new Map([...rules].filter(([key]) => key !== 'peers'));
