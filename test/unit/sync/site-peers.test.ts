// The machines a site's rules name, and the rules without them.
import { describe, expect, test } from 'vitest';
import { type CborInput, type CborValue, decodeCbor, documentProfile, encodeCbor } from '../../../runtime/core/cbor.ts';
import { decodeAccessRules } from '../../../runtime/rules/access-rules-document.ts';
import { siteKeys } from '../../../sync/wire/claim.ts';
import { peerLimits, readSitePeers, withoutPeers } from '../../../sync/wire/site-peers.ts';
import { JournalKeyPair } from '../../fixtures/sync-world.ts';

const key = new JournalKeyPair().publicKey;
const travelled = (body: CborInput): CborValue => decodeCbor(encodeCbor(body), documentProfile);

describe('the peers of a site', () => {
  test('are lane, terminal and key', () => {
    const read = readSitePeers(travelled({ version: 1, peers: [{ lane: 'east', terminal: 't-1', key }] }));
    expect(read).toMatchObject({ ok: true, value: [{ lane: 'east', terminal: 't-1' }] });
  });

  test('may be none', () => expect(readSitePeers(travelled({ version: 1 }))).toEqual({ ok: true, value: [] }));

  test.each<readonly [string, CborInput, RegExp]>([
    ['rules that are a list', [1], /not a map/],
    ['peers that are a number', { peers: 1 }, /peers/],
    ['a peer without a key', { peers: [{ lane: 'east', terminal: 't-1' }] }, /key/],
    ['a key of small order', { peers: [{ lane: 'e', terminal: 't', key: new Uint8Array(32) }] }, /Ed25519/],
    ['a name with a slash', { peers: [{ lane: 'a/b', terminal: 't', key }] }, /lane/],
    ['one lane twice', { peers: [1, 2].map((n) => ({ lane: 'east', terminal: `t-${n}`, key })) }, /twice/],
    ['one terminal twice', { peers: [1, 2].map((n) => ({ lane: `l-${n}`, terminal: 't', key })) }, /twice/],
    [
      'more than a site has',
      { peers: Array.from({ length: peerLimits.peers + 1 }, (_, n) => ({ lane: `l-${n}`, terminal: `t-${n}`, key })) },
      /peers/,
    ],
  ])('%s is refused with the reason', (_what, body, problem) => {
    expect(readSitePeers(travelled(body))).toMatchObject({ ok: false, problem: expect.stringMatching(problem) });
  });

  test('are left out for a decoder of rules alone', () => {
    const body = travelled({ version: 1, site: 7, peers: [] });
    if (!(body instanceof Map)) throw new Error('not a map');
    expect(withoutPeers(body)).toEqual(new Map(Object.entries({ site: 7, version: 1 })));
  });

  test('and rules of a site stand in one document, each read by its own decoder', () => {
    const rules = {
      version: 4,
      site: 7,
      timeZone: 'Europe/Berlin',
      gates: [{ id: 'east', group: 0 }],
      conditions: {},
      products: [],
    };
    const body = travelled({ ...rules, peers: [{ lane: 'east', terminal: 't-1', key }] });
    if (!(body instanceof Map)) throw new Error('not a map');
    expect(readSitePeers(body)).toMatchObject({ ok: true, value: [{ lane: 'east' }] });
    expect(decodeAccessRules(withoutPeers(body))).toMatchObject({ version: 4, gates: [{ id: 'east', group: 0 }] });
    expect(() => decodeAccessRules(body)).toThrow(/peers/);
  });

  test('a site key of another length is a mistake of the caller', () => {
    expect(() => siteKeys(new Uint8Array(16))).toThrow(RangeError);
  });
});
