// A code refused for its time tells when it is good, if it is genuine: whoever forges one puts no words on a screen.
import { describe, expect, it } from 'vitest';
import { unixSeconds, wallMs } from '../../../runtime/core/brand.ts';
import { windowFields, windowTime } from '../../../runtime/machines/shared/window-time.ts';
import { withoutEnd } from '../../../runtime/tokens/outcome.ts';
import {
  asSp1,
  asSt1,
  at,
  cose,
  credential,
  int,
  issuer,
  payloadOf,
  presentation,
  stranger,
} from '../../fixtures/hand-made-codes.ts';
import { moment, verdictOf } from '../../fixtures/token-world.ts';

const ticket = payloadOf('ticket');
const genuine = asSt1(cose(ticket));
/** Names the issuer's key, signed by somebody else. */
const forged = asSt1(cose(ticket, issuer, { signedBy: stranger }));

/** Reason, and the second that the message names. */
function told(raw: Uint8Array, offset: number): readonly [string, number | null] {
  const verdict = verdictOf(raw, { now: moment(offset) });
  if (verdict.accepted) return ['OK', null];
  const time = windowTime(verdict.reason, verdict.outcome);
  return [verdict.reason, time === null ? null : time / 1_000];
}

describe('a genuine code', () => {
  it.each([
    ['a ticket too early: the begin of its slot', genuine, -601, ['NOT_YET_VALID', at - 600]],
    ['a ticket too late: the end of its slot', genuine, 7_200, ['EXPIRED', at + 7_200]],
    ['a loan too late', asSt1(cose(payloadOf('loan'))), 600, ['EXPIRED', at + 600]],
    ['a bearer code too early: when it was made', asSt1(cose(payloadOf('bearer'))), -11, ['NOT_YET_VALID', at]],
    ['a credential too late names none', asSp1(presentation()), 300_000, ['CREDENTIAL_EXPIRED', null]],
  ] as const)('%s', (_name, raw, offset, expected) => {
    expect(told(raw, offset)).toEqual(expected);
  });
});

describe('a forged code', () => {
  it.each([-601, 7_200])('is refused for its time %i s off, as a genuine one, and names none', (offset) => {
    const [reason] = told(genuine, offset);
    expect(told(forged, offset)).toEqual([reason, null]);
    const [one, other] = [genuine, forged].map((raw) => verdictOf(raw, { now: moment(offset) }));
    expect(other).toMatchObject({ outcome: null, done: one?.done, found: one?.found });
    expect(told(forged, 0)).toEqual(['BAD_SIGNATURE', null]);
  });

  it('with a life that the issuer never gave names none', () => {
    const stretched = asSt1(
      cose(payloadOf('ticket', { payload: { 5: int(at + 99) } }), issuer, { signedBy: stranger }),
    );
    expect(told(stretched, 0)).toEqual(['NOT_YET_VALID', null]);
  });

  it('a credential alone stays what it was', () => {
    expect(verdictOf(asSt1(credential()))).toMatchObject({ reason: 'STALE_CODE', outcome: null });
  });
});

it('a code without begin or end names none, and no other reason has a time', () => {
  const open = { iat: unixSeconds(0), nbf: null, exp: withoutEnd };
  expect(windowTime('NOT_YET_VALID', open)).toBeNull();
  expect(windowTime('EXPIRED', open)).toBeNull();
  expect(windowTime('DENIED', { iat: unixSeconds(5), nbf: unixSeconds(6), exp: unixSeconds(7) })).toBeNull();
});

it('the row says the same as the screen', () => {
  expect(windowFields('NOT_YET_VALID', wallMs(9_000))).toEqual({ validFrom: 9, validUntil: undefined });
  expect(windowFields('EXPIRED', wallMs(9_000))).toEqual({ validFrom: undefined, validUntil: 9 });
  expect(windowFields('PASSBACK', wallMs(9_000))).toEqual({ validFrom: undefined, validUntil: undefined });
});
