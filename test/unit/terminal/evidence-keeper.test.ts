// Sealing of token bytes: one key per boot and hour, and never the same place twice under one key.
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../runtime/core/bytes.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { openEvidence } from '../../../runtime/records/evidence.ts';
import { EvidenceKeeper, renewSealAfterMs } from '../../../runtime/terminal/evidence-keeper.ts';

const headEnd = generateKeyPairSync('x25519');
const recipient = new Uint8Array(
  Buffer.from(createPublicKey(headEnd.privateKey).export({ format: 'jwk' }).x ?? '', 'base64url'),
);
const code = utf8('SP1:CODE');

function keeper(): { clock: VirtualClock; evidence: EvidenceKeeper } {
  const clock = new VirtualClock();
  const evidence = new EvidenceKeeper(clock);
  evidence.recipient(recipient);
  return { clock, evidence };
}
const seal = (evidence: EvidenceKeeper, seq: number, epoch = 5) => {
  const sealed = evidence.seal({ epoch, seq }, code);
  return sealed ?? expect.unreachable('nothing was sealed');
};

describe('the evidence keeper', () => {
  it('seals what the head end opens at the same place, and at no other', () => {
    const { evidence } = keeper();
    const { sealed, sealKey } = seal(evidence, 7);
    expect(openEvidence(headEnd.privateKey, sealKey, 5, 7, sealed)).toEqual({ ok: true, plaintext: code });
    expect(openEvidence(headEnd.privateKey, sealKey, 5, 8, sealed)).toEqual({ ok: false });
    expect(openEvidence(headEnd.privateKey, sealKey, 6, 7, sealed)).toEqual({ ok: false });
  });

  it('keeps one key for an hour and takes a new one then, and in each process', async () => {
    const { clock, evidence } = keeper();
    const first = seal(evidence, 1).sealKey;
    await clock.advance(renewSealAfterMs - 1);
    expect(seal(evidence, 2).sealKey).toEqual(first);
    await clock.advance(1);
    expect(seal(evidence, 3).sealKey).not.toEqual(first);
    expect(seal(keeper().evidence, 1).sealKey).not.toEqual(first);
  });

  it.each([
    ['the expected place', 6],
    ['another place than the expected one', 7],
  ])('seals %s under its own nonce', (_name, seq) => {
    const { evidence } = keeper();
    evidence.expect({ epoch: 5, seq: 6 });
    const { sealed, sealKey } = seal(evidence, seq);
    expect(openEvidence(headEnd.privateKey, sealKey, 5, seq, sealed)).toEqual({ ok: true, plaintext: code });
    const next = seal(evidence, 8);
    expect(openEvidence(headEnd.privateKey, next.sealKey, 5, 8, next.sealed)).toEqual({ ok: true, plaintext: code });
  });

  it('expects nothing while no sealing key is known', () => {
    const evidence = new EvidenceKeeper(new VirtualClock());
    evidence.expect({ epoch: 5, seq: 1 });
    expect(evidence.seal({ epoch: 5, seq: 1 }, code)).toBeNull();
  });

  it('takes a new key when a place comes again, as after a commit that failed', () => {
    const { evidence } = keeper();
    const before = seal(evidence, 4);
    const again = seal(evidence, 4);
    expect(again.sealKey).not.toEqual(before.sealKey);
    expect(seal(evidence, 3).sealKey).not.toEqual(again.sealKey);
    expect(openEvidence(headEnd.privateKey, again.sealKey, 5, 4, again.sealed)).toMatchObject({ ok: true });
  });

  it('goes on with its key in the next epoch, where a place is another nonce', () => {
    const { evidence } = keeper();
    const { sealKey } = seal(evidence, 900);
    expect(seal(evidence, 0, 6).sealKey).toEqual(sealKey);
  });

  it('keeps nothing readable while no sealing key is known, and none of an older one', () => {
    const { evidence } = keeper();
    const { sealKey } = seal(evidence, 1);
    evidence.recipient(recipient);
    expect(seal(evidence, 2).sealKey).toEqual(sealKey);
    evidence.recipient(null);
    expect(evidence.seal({ epoch: 5, seq: 3 }, code)).toBeNull();
    evidence.recipient(recipient);
    expect(seal(evidence, 4).sealKey).not.toEqual(sealKey);
  });
});
