// Step 4: the edges of every time a code carries, to the second, and what each clock state makes of them.
import { describe, expect, it } from 'vitest';
import { unixSeconds, wallMs } from '../../../runtime/core/brand.ts';
import { checkWord } from '../../../runtime/core/check-words.ts';
import type { Moment } from '../../../runtime/core/trusted-time.ts';
import {
  asSp1,
  asSt1,
  at,
  bearer,
  cose,
  credential,
  int,
  payloadOf,
  presentation,
} from '../../fixtures/hand-made-codes.ts';
import { issuerContent, moment, reasonOf, trustView, verdictOf } from '../../fixtures/token-world.ts';

const day = 86_400;
const flagged = checkWord('dependsOnUncertainty');
const code = {
  bearer: asSt1(bearer()),
  ticket: asSt1(cose(payloadOf('ticket'))),
  loan: asSt1(cose(payloadOf('loan'))),
  presentation: asSp1(presentation()),
};
/** The reason, and `OK*` where the verdict rests on the clock's uncertainty. */
function answer(raw: Uint8Array, now: Moment, situation: Parameters<typeof verdictOf>[1] = {}): string {
  const verdict = verdictOf(raw, { ...situation, now });
  const mark = (verdict.found & flagged) === 0 ? '' : '*';
  return (verdict.accepted ? 'OK' : verdict.reason) + mark;
}
const holdover = (offset: number, uncertaintySeconds: number): Moment =>
  moment(offset, { state: 'HOLDOVER', uncertaintyMs: uncertaintySeconds * 1_000 });
/** The machine's clock says 2099; only the floor is known. */
const untrusted = (floorOffset: number): Moment =>
  moment(0, {
    state: 'UNTRUSTED',
    uncertaintyMs: 300_000,
    wallMs: wallMs(4_070_908_800_000),
    floorMs: wallMs((at + floorOffset) * 1_000),
  });

describe('with a synchronised clock', () => {
  it.each([
    ['a bearer code 11 s before it was made', code.bearer, -11, 'NOT_YET_VALID'],
    ['a bearer code 10 s before it was made', code.bearer, -10, 'OK'],
    ['a bearer code in its last second', code.bearer, 59, 'OK'],
    ['a bearer code in the second it ends', code.bearer, 60, 'EXPIRED'],
    ['a ticket in the second before its slot', code.ticket, -601, 'NOT_YET_VALID'],
    ['a ticket in the first second of its slot', code.ticket, -600, 'OK'],
    ['a ticket in its last second', code.ticket, 7_199, 'OK'],
    ['a ticket in the second it ends', code.ticket, 7_200, 'EXPIRED'],
    ['a loan in its last second', code.loan, 599, 'OK'],
    ['a loan in the second it ends', code.loan, 600, 'EXPIRED'],
    ['a presentation 11 s before it was made', code.presentation, -14, 'STALE_CODE'],
    ['a presentation 10 s before it was made', code.presentation, -13, 'OK'],
    ['a presentation at its greatest age', code.presentation, 27, 'OK'],
    ['a presentation one second older', code.presentation, 28, 'STALE_CODE'],
    ['a credential without a presentation', asSt1(credential()), 0, 'STALE_CODE'],
  ])('%s', (_name, raw, offset, reason) => {
    expect(answer(raw, moment(offset))).toBe(reason);
  });

  it.each([
    ['a ticket in its grace before', code.ticket, -720, 'OK'],
    ['a ticket before its grace', code.ticket, -721, 'NOT_YET_VALID'],
    ['a ticket in its grace after', code.ticket, 7_500, 'OK'],
    ['a ticket in the second its grace ends', code.ticket, 7_501, 'EXPIRED'],
    ['a loan, which has none', code.loan, 600, 'EXPIRED'],
  ])('%s, where the site grants 120 s and 301 s', (_name, raw, offset, reason) => {
    const limits = { ticketGraceBeforeSeconds: 120, ticketGraceAfterSeconds: 301 };
    expect(answer(raw, moment(offset), { limits })).toBe(reason);
  });

  it('counts whole seconds: the last millisecond of a code is good', () => {
    expect(answer(code.bearer, moment(0, { wallMs: wallMs((at + 59) * 1_000 + 999) }))).toBe('OK');
  });

  describe('of a credential', () => {
    const until = (exp: number, iat = at - 3) =>
      asSp1(presentation({ iat, credential: credential({ payload: { 4: int(exp) } }) }));
    const issued = (iat: number, shown = at - 3) =>
      asSp1(presentation({ iat: shown, credential: credential({ payload: { 6: int(iat) } }) }));

    it.each([
      ['in its last second', until(at + 1), 'OK'],
      ['in the second it ends', until(at), 'CREDENTIAL_EXPIRED'],
      ['that has ended, shown by a phone that goes on', until(at - 3_600), 'CREDENTIAL_EXPIRED'],
      ['issued 10 s ahead', issued(at + 10, at), 'OK'],
      ['issued 11 s ahead', issued(at + 11, at + 1), 'NOT_YET_VALID'],
      ['older than the code by 10 s less than nothing', issued(at + 7), 'OK'],
      ['issued 11 s after its code was shown', issued(at + 8), 'STALE_CODE'],
      ['that ends before its code was shown', until(at + 1, at + 1), 'STALE_CODE'],
    ])('%s', (_name, raw, reason) => {
      expect(answer(raw, moment())).toBe(reason);
    });
  });
});

describe('an issuer cannot grant itself more', () => {
  const limited = (change: Parameters<typeof issuerContent>[0]) => ({
    trust: trustView({ issuers: [issuerContent(change)] }),
  });
  const generous = asSp1(presentation({ iat: at - 241, credential: credential({ app: { 3: int(240) } }) }));
  const long = (iat: number, exp: number) => asSt1(bearer({ payload: { 4: int(exp), 6: int(iat) } }));

  it.each([
    ['life beyond the trust list', long(at - 30, at + day), limited({ lifeSeconds: { bearer: 30 } }), 'EXPIRED'],
    ['life up to the trust list', long(at - 29, at + day), limited({ lifeSeconds: { bearer: 30 } }), 'OK'],
    ['a bearer life beyond 90 s where the list sets none', long(at - 90, at + day), {}, 'EXPIRED'],
    ['a bearer life of 90 s', long(at - 89, at + day), {}, 'OK'],
    [
      'a loan beyond 600 s',
      asSt1(cose(payloadOf('loan', { payload: { 4: int(at + day), 6: int(at - 600) } }))),
      {},
      'EXPIRED',
    ],
    [
      'a credential beyond a week',
      asSp1(presentation({ credential: credential({ payload: { 6: int(at - 7 * day) } }) })),
      {},
      'CREDENTIAL_EXPIRED',
    ],
    [
      'a credential of a week',
      asSp1(presentation({ credential: credential({ payload: { 6: int(at - 7 * day + 1) } }) })),
      {},
      'OK',
    ],
    ['an age beyond 240 s', generous, {}, 'STALE_CODE'],
    [
      'an age beyond the trust list',
      asSp1(presentation({ iat: at - 21 })),
      limited({ presentationMaxAgeSeconds: 20 }),
      'STALE_CODE',
    ],
    [
      'an age up to the trust list',
      asSp1(presentation({ iat: at - 20 })),
      limited({ presentationMaxAgeSeconds: 20 }),
      'OK',
    ],
    [
      'an age beyond its own claim',
      asSp1(presentation({ iat: at - 31 })),
      limited({ presentationMaxAgeSeconds: 60 }),
      'STALE_CODE',
    ],
  ])('%s', (_name, raw, situation, reason) => {
    expect(reasonOf(raw, situation)).toBe(reason);
  });

  it('a higher fare than the trust list allows', () => {
    const capped = verdictOf(code.presentation, limited({ fareCapMinor: 300 }));
    const wider = verdictOf(code.presentation, limited({ fareCapMinor: 900 }));

    expect([capped, wider]).toMatchObject([
      { outcome: { limits: { fareCapMinor: 300 } } },
      { outcome: { limits: { fareCapMinor: 500 } } },
    ]);
  });
});

describe('with a clock in holdover', () => {
  it.each([
    ['a bearer code is widened by u, and marked', code.bearer, holdover(65, 10), 'OK*'],
    ['a bearer code well inside is not marked', code.bearer, holdover(20, 10), 'OK'],
    ['a bearer code at the lower edge', code.bearer, holdover(-20, 10), 'OK*'],
    ['a bearer code beyond both', code.bearer, holdover(70, 10), 'EXPIRED'],
    ['a bearer code at u = 30 s', code.bearer, holdover(20, 30), 'OK'],
    ['a bearer code at u = 31 s', code.bearer, holdover(20, 31), 'CLOCK_UNTRUSTED'],
    ['a loan at u = 60 s', code.loan, holdover(300, 60), 'OK'],
    ['a loan at u = 61 s', code.loan, holdover(300, 61), 'CLOCK_UNTRUSTED'],
    ['a ticket is widened by u, and marked', code.ticket, holdover(-700, 120), 'OK*'],
    ['a ticket beyond u', code.ticket, holdover(-721, 120), 'NOT_YET_VALID'],
    ['a presentation is widened by u, and marked', code.presentation, holdover(40, 20), 'OK*'],
    ['a presentation beyond u', code.presentation, holdover(48, 20), 'STALE_CODE'],
    ['a presentation at u = its age', code.presentation, holdover(0, 30), 'OK*'],
    ['a presentation at u above its age counts as untrusted', code.presentation, holdover(0, 31), 'OK*'],
  ])('%s', (_name, raw, now, reason) => {
    expect(answer(raw, now)).toBe(reason);
  });

  it('u above the age of a presentation is said as an untrusted clock', () => {
    const found = (uncertainty: number) => verdictOf(code.presentation, { now: holdover(0, uncertainty) }).found;

    expect([found(30), found(31)]).toEqual([flagged, checkWord('dependsOnUncertainty', 'clockUntrusted')]);
  });

  it('a key that may be withdrawn already is, and the verdict is marked', () => {
    const key = issuerContent().keys.map((each) => ({ ...each, gone: unixSeconds(at + 5) }));
    const trust = trustView({ issuers: [issuerContent({ keys: key })] });

    expect([4, 5, 10].map((u) => answer(code.bearer, holdover(0, u), { trust }))).toEqual([
      'OK',
      'KEY_EXPIRED*',
      'KEY_EXPIRED*',
    ]);
    expect(answer(code.bearer, holdover(20, 10), { trust })).toBe('KEY_EXPIRED');
  });

  it('now is never below the floor', () => {
    const now = { ...holdover(55, 20), floorMs: wallMs((at + 60) * 1_000) };

    expect(answer(code.bearer, now)).toBe('EXPIRED');
  });
});

describe('with an untrusted clock', () => {
  const wide = (exp: number, nbf = at - 600) =>
    asSt1(cose(payloadOf('ticket', { payload: { 4: int(exp), 5: int(nbf) } })));
  const shown = (options: { exp?: number; iat?: number }) =>
    asSp1(
      presentation({
        iat: options.iat ?? at,
        credential: credential({ payload: { 4: int(options.exp ?? at + 2 * day) } }),
      }),
    );

  it.each([
    ['a bearer code', code.bearer, untrusted(0), 'CLOCK_UNTRUSTED'],
    ['a bearer code that ended before the floor', code.bearer, untrusted(60), 'EXPIRED'],
    ['a loan', code.loan, untrusted(0), 'CLOCK_UNTRUSTED'],
    ['a ticket of its slot', code.ticket, untrusted(0), 'CLOCK_UNTRUSTED'],
    ['a ticket that spans the floor and a day', wide(at + day), untrusted(0), 'OK*'],
    ['a ticket a second shorter', wide(at + day - 1), untrusted(0), 'CLOCK_UNTRUSTED'],
    ['a ticket that begins after the floor', wide(at + 2 * day, at + 1), untrusted(0), 'CLOCK_UNTRUSTED'],
    ['a ticket that ended before the floor', wide(at), untrusted(0), 'EXPIRED'],
    ['a presentation of a credential that spans a day', shown({ exp: at + day }), untrusted(0), 'OK*'],
    ['of one a second shorter', shown({ exp: at + day - 1 }), untrusted(0), 'CLOCK_UNTRUSTED'],
    ['of one that ended before the floor', shown({ exp: at }), untrusted(0), 'CREDENTIAL_EXPIRED'],
    ['a presentation as old as the floor allows', shown({ iat: at - 30 }), untrusted(0), 'OK*'],
    ['a presentation a second older', shown({ iat: at - 31 }), untrusted(0), 'CLOCK_UNTRUSTED'],
    ['a presentation outside its credential', shown({ iat: at - 4_000 }), untrusted(0), 'STALE_CODE'],
  ])('%s', (_name, raw, now, reason) => {
    expect(answer(raw, now)).toBe(reason);
  });

  it('an acceptance is said to rest on it', () => {
    expect(verdictOf(shown({}), { now: untrusted(0) }).found).toBe(checkWord('dependsOnUncertainty', 'clockUntrusted'));
  });

  it('a key is withdrawn by the floor alone: the clock may stand in any year', () => {
    const gone = (offset: number) => {
      const keys = issuerContent().keys.map((key) => ({ ...key, gone: unixSeconds(at + offset) }));
      return { trust: trustView({ issuers: [issuerContent({ keys })] }) };
    };

    expect(answer(wide(at + day), untrusted(0), gone(1))).toBe('OK*');
    expect(answer(wide(at + day), untrusted(0), gone(0))).toBe('KEY_EXPIRED');
  });
});

describe('a trust list past its end', () => {
  const soft = checkWord('listsPastSoftAge');
  const hard = checkWord('listsPastSoftAge', 'listsPastHardAge');
  const ended = (secondsAgo: number) => trustView({ exp: unixSeconds(at - secondsAgo) });

  it.each([
    ['in its last second', -1, moment(), 0],
    ['in the second it ends', 0, moment(), soft],
    ['in the last second of its grace', 30 * day - 1, moment(), soft],
    ['past its grace', 30 * day, moment(), hard],
    ['that may not have ended yet', 5, holdover(0, 10), 0],
    ['past its grace by the floor alone', 40 * day, untrusted(-day), hard],
    ['by a clock nobody believes', -day, untrusted(0), 0],
  ])('%s', (_name, secondsAgo, now, word) => {
    const raw = asSp1(presentation({ credential: credential({ payload: { 4: int(at + 2 * day) } }), iat: at }));
    const verdict = verdictOf(raw, { trust: ended(secondsAgo), now });

    expect(verdict.accepted).toBe(true);
    expect(verdict.found & hard).toBe(word);
    expect(verdict.done & hard).toBe(hard);
  });
});
