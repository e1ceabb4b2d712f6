// Whole codes, byte for byte. They were made outside this project's code, by a script that knows only the
// layout and by `openssl pkeyutl -sign`; keys are Ed25519 with the seeds 01…01 (issuer) and 02…02 (holder).
import { describe, expect, it } from 'vitest';
import { hex, utf8 } from '../../../runtime/core/bytes.ts';
import { encodeClaims } from '../../../runtime/tokens/claims.ts';
import { noExternalData, sealCose1 } from '../../../runtime/tokens/cose.ts';
import { CredentialCache } from '../../../runtime/tokens/credential-cache.ts';
import { inspectCode } from '../../../runtime/tokens/inspect.ts';
import { algorithms } from '../../../runtime/tokens/keys.ts';
import type { Outcome } from '../../../runtime/tokens/outcome.ts';
import { st1 } from '../../../runtime/tokens/st1.ts';
import {
  account,
  asSp1,
  asSt1,
  at,
  bearer,
  cose,
  cti,
  issuer,
  payloadOf,
  presentation,
} from '../../fixtures/hand-made-codes.ts';
import { reasonOf, verdictOf } from '../../fixtures/token-world.ts';

const codes = {
  bearer:
    'ST1:PWGSLK/-4LW8072S66Y6BV%KV.C7$C0LE%86BF37PBTYNBF37PBF8G+89:ROI*O$5P3EP100992DRKZM0889APKT K33L%ALT70*482-1%8AC+R:EC$8OSMIJG6NCJAVV-K9KXQO/66-HJTFUWCN7JNFJDG3P1OM3KHTEYMJDBLM:RFXM/LR/:9C.L2CBLHVVCE10',
  ticket:
    'ST1:PWGSLK/-4LW8072S66/6BH:KV.C7$C0LE%86BF3ZPBFAKBF35PBV25BF3UHB700+89:ROI*O$5P3EP100992U%KMB0B73KP5-C3360E7E+98Z0127BN3BL$3GJ6IEJN2SCYTCTGT84J:ESPRNEB3U9/DHFC6PUE3*OHDPCMD:OQATVBJU /HRYI959KY6T20YULRVF8N79EN85J3QH',
  loan: 'ST1:PWGSLK/-4LW8072S6617BV%KV.C7$C0LE%86BF39PB.DRBF37PBF8G+89:ROI*O$5P3EP100992G:K4H0889APKT K33L*AL1+0L83E48T73.8HYJCX.DT88 LEC-D7FONQE9EJ:32%DE%1R+OJTTUOCCW3MXL5GYQCXT7EFEMU7-M*H6V3RZ094JOV64LX79X8G-B0CH:IVU5UQP0F:V60',
  presentation:
    'SP1:9RG*JM+D9P60CO0U:V1U18CKMFC/70F$DKWEP2EFN0KED+SCWY0GEDEEC441E90W50824V94-44-B7H%1S FG2C7TKR:C7U92+P9+H+II85UUNK 4V*PBKMPBXI100992G:KW50889APKT K33LZALB737%U923FN0100992LS027BXE5D3Q11NNDCG$7.1C:2H4KT0/V4KSK/JJ88D9SJGQ*MLKWA8EFU:4F4OFR9D42HE98SR7EA6$8:*5H IYR8B-NDYMOWEFOPM79BF37PBT F9A5%58313WXK1F9GTLTKSMBNL*VM63N:0:XU-4QU:0Z2T DG1LSSPB+ 7ZRM HPGWV3IQFQI2KFG*OEVV+/9PL0ZU7ULH$%1+BE60',
} as const;

function outcomeOf(code: string): Outcome {
  const verdict = verdictOf(utf8(code));
  if (!verdict.accepted) throw new Error(`${verdict.reason}: ${verdict.detail}`);
  return verdict.outcome;
}

const limits = { fareCapMinor: null, currency: 'EUR', uses: 1, site: null, gates: null, product: 1 };
const noLoan = { loanMaxSeconds: null, depositMinor: null };

describe('a published code says what was put into it', () => {
  it('bearer', () => {
    expect(outcomeOf(codes.bearer)).toMatchObject({
      format: 'st1',
      kind: 'bearer',
      issuer: 'metro1',
      kid: issuer.kid,
      subject: account,
      cti,
      iat: at,
      nbf: null,
      exp: at + 60,
      freshUntil: at + 60,
      presentation: null,
      limits: { ...limits, ...noLoan },
      scope: [],
      status: null,
      language: null,
    });
  });

  it('ticket', () => {
    expect(outcomeOf(codes.ticket)).toMatchObject({
      kind: 'ticket',
      subject: null,
      nbf: at - 600,
      exp: at + 7_200,
      limits: { ...limits, ...noLoan, uses: 12, site: 70_000, gates: Uint8Array.of(5), product: 300 },
    });
  });

  it('loan', () => {
    expect(outcomeOf(codes.loan)).toMatchObject({
      kind: 'loan',
      subject: account,
      limits: { ...limits, product: null, site: 7, loanMaxSeconds: 14_400, depositMinor: 5_000 },
      language: 'en',
    });
  });

  it('presentation', () => {
    const outcome = outcomeOf(codes.presentation);

    expect(outcome).toMatchObject({
      format: 'sp1',
      kind: 'account',
      subject: account,
      cti: null,
      exp: at + 259_200,
      freshUntil: at - 3 + 31,
      presentation: { iat: at - 3, counter: 41 },
      limits: { ...limits, ...noLoan, fareCapMinor: 500 },
      status: { list: 'metro-1', index: 70_000 },
    });
    expect(hex(outcome.digest)).toBe('bb228c185c08fb32fc99389d6df01afea49e53ac5fc919c3c8d8ab4e40a980cd');
    expect(outcome.evidence.length).toBe(255);
  });

  it.each(Object.entries(codes))('%s: and cannot be changed afterwards', (_name, code) => {
    const outcome = outcomeOf(code);
    const parts = [outcome, outcome.limits, outcome.scope, outcome.status, outcome.presentation];

    expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
  });
});

describe('the same code', () => {
  it('comes from the hand-made parts of the other tests', () => {
    const made = [bearer(), cose(payloadOf('ticket')), cose(payloadOf('loan'))].map(asSt1);

    expect(made.map((code) => Buffer.from(code).toString())).toEqual([codes.bearer, codes.ticket, codes.loan]);
    expect(Buffer.from(asSp1(presentation())).toString()).toBe(codes.presentation);
  });

  it.each(['bearer', 'ticket', 'loan'] as const)('comes from the encoder: %s', (kind) => {
    const unwrapped = st1.unwrap(utf8(codes[kind]));
    const parsing = unwrapped.ok ? st1.parse(unwrapped.evidence, new CredentialCache()) : unwrapped;
    if (!parsing.ok) throw new Error(parsing.detail);
    const { claims, evidence } = parsing.parsed;
    const signer = { alg: algorithms.EdDSA, kid: issuer.kid, privateKey: issuer.privateKey };

    expect(sealCose1(signer, noExternalData, encodeClaims(claims))).toEqual(evidence);
  });
});

describe('one changed character', () => {
  it.each(Object.entries(codes))('in any place ends %s', (_name, code) => {
    const accepted = [...code].flatMap((character, place) => {
      const other = character === '0' ? '1' : '0';
      const reason = reasonOf(utf8(code.slice(0, place) + other + code.slice(place + 1)));
      return reason === 'OK' || reason === 'DEVICE_FAULT' ? [`${place}: ${reason}`] : [];
    });

    expect(accepted).toEqual([]);
  });
});

describe('to a person at a command line', () => {
  it('a code says its claims by name, unproven', () => {
    expect(inspectCode(codes.presentation)).toMatchObject({
      ok: true,
      format: 'sp1',
      claims: { issuer: 'metro1', account: hex(account), kid: hex(issuer.kid), presentation: { counter: 41 } },
    });
    expect(inspectCode(codes.loan)).toMatchObject({
      ok: true,
      format: 'st1',
      claims: { kind: 'loan', language: 'en' },
    });
  });

  it.each([
    ['SP1:0', 'MALFORMED'],
    ['ST1:0', 'MALFORMED'],
    ['ST1:00', 'MALFORMED'],
    ['hello', 'UNSUPPORTED_FORMAT'],
  ])('%s is %s', (code, reason) => {
    expect(inspectCode(code)).toMatchObject({ ok: false, reason });
  });
});
