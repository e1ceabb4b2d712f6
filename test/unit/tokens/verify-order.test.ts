// The fixed order: a code that fails at two steps gives the reason of the earlier one, for every pair of
// steps; and the check words say how far the examination came.
import { describe, expect, it } from 'vitest';
import { monoMs, unixSeconds } from '../../../runtime/core/brand.ts';
import { type CheckName, checkBit, checkWord, hasCheck } from '../../../runtime/core/check-words.ts';
import { CredentialCache } from '../../../runtime/tokens/credential-cache.ts';
import type { TokenReason } from '../../../runtime/tokens/outcome.ts';
import {
  account,
  asSp1,
  asSt1,
  at,
  bearer,
  bstr,
  type Content,
  cnf,
  cose,
  credential,
  cti,
  type HandKey,
  holder,
  int,
  issuer,
  issuerP256,
  joined,
  payloadOf,
  presentation,
  protectedHeader,
  stranger,
  tstr,
} from '../../fixtures/hand-made-codes.ts';
import {
  denyEntry,
  denyList,
  issuerContent,
  keyContent,
  moment,
  reasonOf,
  type Situation,
  trustView,
  verdictOf,
} from '../../fixtures/token-world.ts';

/** What is wrong with a code, and with the world it is shown to. Several changes can be laid over each other. */
interface Fault {
  readonly app?: Content['app'];
  readonly payload?: Content['payload'];
  readonly bytes?: (code: Uint8Array) => Uint8Array;
  readonly signedBy?: HandKey;
  readonly shownBy?: HandKey;
  readonly presentedAt?: number;
  readonly situation?: Situation;
}
interface Step {
  readonly reason: TokenReason;
  readonly found: readonly CheckName[];
  readonly done: readonly CheckName[];
  readonly fault: Fault;
}

const seen = { find: () => ({ epoch: 1, seq: 1, atMonoMs: monoMs(0) }) };
const decoded: readonly CheckName[] = ['malformed'];
const keyed: readonly CheckName[] = [...decoded, 'issuerOrKeyUnknown'];
const unexpired: readonly CheckName[] = [...keyed, 'keyExpired'];
const begun: readonly CheckName[] = [...unexpired, 'notYetValid'];
const timed: readonly CheckName[] = [...begun, 'expired'];
const fresh: readonly CheckName[] = [...timed, 'staleCode'];
const admitted: readonly CheckName[] = [
  ...fresh,
  'clockUntrusted',
  'dependsOnUncertainty',
  'listsPastSoftAge',
  'listsPastHardAge',
];
const unseen: readonly CheckName[] = [...admitted, 'replayHere'];
const issued: readonly CheckName[] = [...unseen, 'issuerSignature'];
const held: readonly CheckName[] = [...issued, 'holderSignature'];

const damaged: Step = {
  reason: 'MALFORMED',
  found: ['malformed'],
  done: decoded,
  fault: { bytes: (code) => joined(code, Uint8Array.of(0)) },
};
const otherKind: Step = { reason: 'UNSUPPORTED_FORMAT', found: [], done: decoded, fault: { app: { 0: int(9) } } };
const otherIssuer: Step = {
  reason: 'UNKNOWN_ISSUER',
  found: ['issuerOrKeyUnknown'],
  done: keyed,
  fault: { payload: { 1: tstr('nobody') } },
};
const otherKey: Step = {
  reason: 'UNKNOWN_KEY',
  found: ['issuerOrKeyUnknown'],
  done: keyed,
  fault: { situation: { trust: trustView({ issuers: [issuerContent({ keys: [keyContent(stranger)] })] }) } },
};
/** Withdrawn for the code's issuer time; the trust list is one of its own, so it does not lay over otherKey's. */
const oldKey = (iat: number): Step => ({
  reason: 'KEY_EXPIRED',
  found: ['keyExpired'],
  done: unexpired,
  fault: { payload: { 6: int(iat) } },
});
const replayed = (done: readonly CheckName[] = unseen): Step => ({
  reason: 'REPLAYED',
  found: ['replayHere'],
  done,
  fault: { situation: { ring: seen } },
});
const forged: Step = {
  reason: 'BAD_SIGNATURE',
  found: ['issuerSignature'],
  done: issued,
  fault: { signedBy: stranger },
};
const copied: Step = { reason: 'BAD_SIGNATURE', found: ['holderSignature'], done: held, fault: { shownBy: stranger } };
const denied = (done: readonly CheckName[]): Step => ({
  reason: 'DENIED',
  found: ['denied'],
  done: [...done, 'denied'],
  fault: { situation: { deny: denyList(denyEntry(1, account)) } },
});
const revoked = (done: readonly CheckName[]): Step => ({
  reason: 'REVOKED',
  found: ['revoked'],
  done: [...done, 'revoked', 'noStatusOrNoList'],
  fault: { app: { 4: int(5) }, situation: { status: () => 1 } },
});

function laid(faults: readonly Fault[]) {
  return {
    ...(Object.assign({}, ...faults) as Pick<Fault, 'shownBy' | 'signedBy'>),
    app: Object.assign({}, ...faults.map(({ app }) => app)) as NonNullable<Content['app']>,
    payload: Object.assign({}, ...faults.map(({ payload }) => payload)) as NonNullable<Content['payload']>,
    situation: Object.assign({}, ...faults.map(({ situation }) => situation)) as Situation,
    presentedAt: faults.find(({ presentedAt }) => presentedAt !== undefined)?.presentedAt ?? at - 3,
    bytes: (code: Uint8Array) => faults.reduce((changed, { bytes }) => bytes?.(changed) ?? changed, code),
  };
}

const presented: {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly verdict: (faults: readonly Fault[]) => ReturnType<typeof verdictOf>;
} = {
  name: 'presentation',
  steps: [
    damaged,
    otherKind,
    otherIssuer,
    otherKey,
    oldKey(at - 400 * 86_400),
    { reason: 'NOT_YET_VALID', found: ['notYetValid'], done: begun, fault: { payload: { 6: int(at + 3_600) } } },
    { reason: 'CREDENTIAL_EXPIRED', found: ['expired'], done: timed, fault: { payload: { 4: int(at - 1) } } },
    { reason: 'STALE_CODE', found: ['staleCode'], done: fresh, fault: { presentedAt: at - 100 } },
    replayed(),
    forged,
    copied,
    denied(held),
    revoked(held),
  ],
  verdict: (faults) => {
    const { app, payload, bytes, signedBy, shownBy, presentedAt, situation } = laid(faults);
    const claims = payloadOf('account', { app, payload });
    const a = cose(claims, issuer, signedBy ? { signedBy } : {});
    return verdictOf(
      asSp1(bytes(presentation({ credential: a, iat: presentedAt, holder: shownBy ?? holder }))),
      situation,
    );
  },
};
const online: typeof presented = {
  name: 'bearer code',
  steps: [
    damaged,
    otherKind,
    otherIssuer,
    otherKey,
    oldKey(at - 400 * 86_400),
    { reason: 'NOT_YET_VALID', found: ['notYetValid'], done: begun, fault: { payload: { 6: int(at + 3_600) } } },
    { reason: 'EXPIRED', found: ['expired'], done: timed, fault: { payload: { 4: int(at - 60) } } },
    {
      reason: 'CLOCK_UNTRUSTED',
      found: ['clockUntrusted'],
      done: [...fresh, 'clockUntrusted'],
      fault: { situation: { now: moment(0, { state: 'HOLDOVER', uncertaintyMs: 31_000 }) } },
    },
    replayed(),
    forged,
    denied(issued),
    revoked([...issued]),
  ],
  verdict: (faults) => {
    const { app, payload, bytes, signedBy, situation } = laid(faults);
    const token = cose(payloadOf('bearer', { app, payload }), issuer, signedBy ? { signedBy } : {});
    return verdictOf(asSt1(bytes(token)), situation);
  },
};

describe.each([presented, online])('of a $name', ({ steps, verdict }) => {
  it('without a fault every step is passed', () => {
    expect(verdict([])).toMatchObject({ accepted: true });
  });

  it.each(steps.map((step, nth) => [nth, step.reason, step] as const))('step %i alone is %s', (_nth, reason, step) => {
    const given = verdict([step.fault]);

    expect(given).toMatchObject({ accepted: false, reason });
    expect(namesIn(given.found)).toEqual(sortedNames(step.found));
    const beyond = step.reason === 'REVOKED' ? ['denied'] : [];
    expect(namesIn(given.done).filter((name) => !beyond.includes(name))).toEqual(sortedNames(step.done));
  });

  // Steps that change the same claim cannot both fail; every other pair is tried both ways round.
  const pairs = steps.flatMap((earlier, nth) =>
    steps
      .slice(nth + 1)
      .flatMap((later) => (clash(earlier, later) ? [] : [[earlier.reason, later.reason, earlier, later] as const])),
  );
  it.each(pairs)('%s comes before %s', (reason, _laterReason, earlier, later) => {
    expect(verdict([earlier.fault, later.fault])).toMatchObject({ reason, found: checkWord(...earlier.found) });
    expect(verdict([later.fault, earlier.fault])).toMatchObject({ reason });
  });

  it('every step meets its neighbour, but where both would need the same claim', () => {
    const unmet = steps.slice(1).flatMap((later, nth) => {
      const earlier = steps[nth];
      return earlier && clash(earlier, later) ? [`${earlier.reason}+${later.reason}`] : [];
    });
    expect(unmet).toEqual(['KEY_EXPIRED+NOT_YET_VALID']);
  });
});

describe('where both need the same claim', () => {
  const late = unixSeconds(at - 10);
  const gone = trustView({ issuers: [issuerContent({ keys: [keyContent(issuer, { gone: late })] })] });

  it('KEY_EXPIRED comes before NOT_YET_VALID', () => {
    const early = bearer({ payload: { 6: int(at + 3_600) } });

    expect(reasonOf(asSt1(early), { trust: gone })).toBe('KEY_EXPIRED');
    expect(reasonOf(asSt1(early))).toBe('NOT_YET_VALID');
  });

  it('EXPIRED comes before a bad algorithm: a header that differs from the key is judged with the signature', () => {
    const swapped = (payload: Uint8Array) =>
      asSt1(cose(payload, issuer, { header: joined(Uint8Array.of(0xa2, 1, 0x26, 4), bstr(issuer.kid)) }));

    expect(reasonOf(swapped(payloadOf('bearer', { payload: { 4: int(at - 1) } })))).toBe('EXPIRED');
    expect(verdictOf(swapped(payloadOf('bearer')))).toMatchObject({ reason: 'BAD_SIGNATURE', detail: 'issuer' });
  });

  it('the issuer is judged before the holder', () => {
    const both = presentation({
      credential: cose(payloadOf('account'), issuer, { signedBy: stranger }),
      holder: stranger,
    });

    expect(verdictOf(asSp1(both))).toMatchObject({ reason: 'BAD_SIGNATURE', detail: 'issuer' });
  });
});

describe('what is a bad signature', () => {
  const smallOrder = { ...holder, raw: Uint8Array.of(1, ...new Uint8Array(31)) };
  const offCurve = { ...holder, curve: 'P-256' as const, raw: Uint8Array.of(2, ...new Uint8Array(31), 1) };

  it.each([
    ["an algorithm that is not the key's", issuerP256, protectedHeader({ ...issuerP256, curve: 'Ed25519' })],
    ["the other algorithm than the key's", issuer, protectedHeader({ ...issuer, curve: 'P-256' })],
  ])('%s', (_name, signer, header) => {
    expect(reasonOf(asSt1(cose(payloadOf('bearer'), signer, { header })))).toBe('BAD_SIGNATURE');
  });

  it.each([
    ['a holder key of small order', smallOrder],
    ['a holder key off the curve', offCurve],
  ])('%s, although the issuer vouches for it', (_name, key) => {
    const a = credential({ payload: { 8: cnf(key) } });

    expect(verdictOf(asSp1(presentation({ credential: a })))).toMatchObject({
      reason: 'BAD_SIGNATURE',
      detail: 'holder',
      found: checkWord('holderSignature'),
    });
  });

  it('a signature made for another presentation', () => {
    const one = presentation({ counter: 1 });
    const other = presentation({ counter: 2 });
    const swapped = joined(other.subarray(0, -64), one.subarray(-64));

    expect(reasonOf(asSp1(swapped))).toBe('BAD_SIGNATURE');
  });

  it('an issuer signature used as a holder signature', () => {
    expect(reasonOf(asSp1(presentation({ holder: issuer })))).toBe('BAD_SIGNATURE');
  });
});

describe('who may sign what', () => {
  const only = (kinds: number) => trustView({ issuers: [issuerContent({ keys: [keyContent(issuer, { kinds })] })] });
  it.each([
    ['account', 1, asSp1(presentation())],
    ['ticket', 2, asSt1(cose(payloadOf('ticket')))],
    ['loan', 4, asSt1(cose(payloadOf('loan')))],
    ['bearer', 8, asSt1(bearer())],
  ])('%s needs bit %i of the key', (_kind, bit, code) => {
    expect(reasonOf(code, { trust: only(bit) })).toBe('OK');
    expect(reasonOf(code, { trust: only(31 - bit) })).toBe('UNKNOWN_KEY');
  });

  it.each([
    ['in the second before it begins', { from: unixSeconds(at + 1) }, 'KEY_EXPIRED'],
    ['in the second it begins', { from: unixSeconds(at) }, 'OK'],
    ['in the last second before it ends', { until: unixSeconds(at + 1) }, 'OK'],
    ['in the second it ends', { until: unixSeconds(at) }, 'KEY_EXPIRED'],
    ['in the last second before it is gone', { gone: unixSeconds(at + 1) }, 'OK'],
    ['in the second it is gone', { gone: unixSeconds(at) }, 'KEY_EXPIRED'],
  ])('a key %s', (_name, life, reason) => {
    const trust = trustView({ issuers: [issuerContent({ keys: [keyContent(issuer, life)] })] });

    expect(reasonOf(asSt1(bearer()), { trust })).toBe(reason);
  });

  it('the place it is bound to goes with the outcome', () => {
    const trust = trustView({ issuers: [issuerContent({ keys: [keyContent(issuer, { scope: ['7', '8'] })] })] });

    expect(verdictOf(asSt1(bearer()), { trust })).toMatchObject({ outcome: { scope: ['7', '8'] } });
  });

  it('an issuer of another format signs no native code', () => {
    const trust = trustView({ issuers: [issuerContent({ format: 'pretix_sig1', keys: [keyContent(issuer)] })] });

    expect(reasonOf(asSt1(bearer()), { trust })).toBe('UNKNOWN_ISSUER');
  });
});

describe('the deny list', () => {
  it.each([
    ['an account', denyEntry(1, account), 'DENIED'],
    ['a token id', denyEntry(2, cti), 'DENIED'],
    ['an account of that number as token id', denyEntry(2, account), 'OK'],
    ['the same account of another issuer', denyEntry(1, account, { issuer: 'metro2' }), 'OK'],
  ])('of %s', (_name, entry, reason) => {
    expect(reasonOf(asSt1(bearer()), { deny: denyList(entry) })).toBe(reason);
  });

  it('beats a verdict that is cached', () => {
    const cache = new CredentialCache();
    expect(reasonOf(asSp1(presentation({ counter: 1 })), { cache })).toBe('OK');
    expect(cache.size).toBe(1);

    expect(reasonOf(asSp1(presentation({ counter: 2 })), { cache, deny: denyList(denyEntry(1, account)) })).toBe(
      'DENIED',
    );
  });
});

describe('the status list', () => {
  const status: Situation['status'] = (list, index) => (list === 'metro-1' && index === 70_000 ? 2 : 0);
  const asked = asSp1(presentation());

  it('is asked for the list that the key names, at the index of the token', () => {
    expect(reasonOf(asked, { status })).toBe('REVOKED');
  });

  it('that cannot say leaves a mark', () => {
    const verdict = verdictOf(asked, { status: () => null });

    expect(verdict).toMatchObject({ accepted: true, found: checkWord('noStatusOrNoList') });
  });

  it('that the key does not name leaves the same mark', () => {
    const trust = trustView({ issuers: [issuerContent({ keys: [keyContent(issuer)] })] });

    expect(verdictOf(asked, { status, trust })).toMatchObject({ accepted: true, found: checkWord('noStatusOrNoList') });
  });
});

function clash(a: Step, b: Step): boolean {
  const keys = (step: Step): readonly string[] => [
    ...Object.keys(step.fault.payload ?? {}).map((key) => `payload ${key}`),
    ...Object.keys(step.fault.app ?? {}).map((key) => `app ${key}`),
    ...Object.keys(step.fault.situation ?? {}),
  ];
  const own = new Set(keys(a));
  return keys(b).some((key) => own.has(key));
}

const namesIn = (word: number): readonly string[] =>
  (Object.keys(checkBit) as CheckName[]).filter((name) => hasCheck(word, name));
const sortedNames = (names: readonly CheckName[]): readonly string[] => namesIn(checkWord(...names));
