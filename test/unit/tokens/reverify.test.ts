// The head end's second look: the evidence of an outcome verifies again, and nothing else does.
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../runtime/core/brand.ts';
import { reverify } from '../../../runtime/tokens/reverify.ts';
import {
  asSp1,
  asSt1,
  bearer,
  cose,
  credential,
  int,
  payloadOf,
  presentation,
  stranger,
} from '../../fixtures/hand-made-codes.ts';
import { issuerContent, keyContent, moment, trustView, verdictOf } from '../../fixtures/token-world.ts';

const trust = trustView();

describe('the evidence of an acceptance', () => {
  it.each([
    ['sp1', asSp1(presentation())],
    ['st1', asSt1(bearer())],
    ['st1', asSt1(cose(payloadOf('ticket')))],
    ['st1', asSt1(cose(payloadOf('loan')))],
  ] as const)('of %s is good again, with the same outcome', (format, raw) => {
    const verdict = verdictOf(raw);
    if (!verdict.accepted) throw new Error(verdict.reason);

    expect(reverify(format, verdict.outcome.evidence, moment(), trust)).toEqual({
      good: true,
      outcome: verdict.outcome,
    });
  });
});

describe('evidence that is not good', () => {
  it.each([
    ['a presentation as a one-signature token', 'st1', presentation(), moment(), 'MALFORMED'],
    ['a token as a presentation', 'sp1', bearer(), moment(), 'MALFORMED'],
    ['a forged token', 'st1', cose(payloadOf('bearer'), stranger), moment(), 'UNKNOWN_KEY'],
    ['a token with a forged signature', 'st1', bearer().with(-1 + bearer().length, 0), moment(), 'BAD_SIGNATURE'],
    ['a presentation by another phone', 'sp1', presentation({ holder: stranger }), moment(), 'BAD_SIGNATURE'],
    ['a token at another time', 'st1', bearer(), moment(3_600), 'EXPIRED'],
    ['a credential alone', 'st1', credential(), moment(), 'STALE_CODE'],
    ['nothing', 'sp1', new Uint8Array(0), moment(), 'MALFORMED'],
    ['too much', 'st1', new Uint8Array(401), moment(), 'MALFORMED'],
    [
      'an old credential',
      'sp1',
      presentation({ credential: credential({ payload: { 4: int(5) } }) }),
      moment(),
      'CREDENTIAL_EXPIRED',
    ],
  ] as const)('%s', (_name, format, evidence, now, reason) => {
    expect(reverify(format, evidence, now, trust)).toEqual({ good: false, reason });
  });

  it('a token of a key that the head end has withdrawn', () => {
    const gone = trustView({ issuers: [issuerContent({ keys: [keyContent(stranger, { gone: unixSeconds(1) })] })] });

    expect(reverify('st1', cose(payloadOf('bearer'), stranger), moment(), gone)).toEqual({
      good: false,
      reason: 'KEY_EXPIRED',
    });
  });
});
