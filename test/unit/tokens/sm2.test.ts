// SM2 with its default user id, held against the standard's own example and against OpenSSL: a round trip
// through our own code would prove nothing.
import { execFileSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, utf8 } from '../../../runtime/core/bytes.ts';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { sm2Holds } from '../../../runtime/tokens/jtt1179/sm2.ts';
import { Sm2Key } from '../../../simulators/issuer/sm2-key.ts';
import { peer } from '../../peers/available.ts';

/** GM/T 0003.5-2012, annex A.2: the example on the recommended curve. */
const example = {
  x: '09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020',
  y: 'ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13',
  message: utf8('message digest'),
  r: 'f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3',
  s: 'b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa',
};
const key = fromHex(`03${example.x}`);
const signature = fromHex(example.r + example.s);
const zeros = new Uint8Array(32);
const order = fromHex('fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123');

describe('an SM2 signature', () => {
  it("of the standard's example holds", () => {
    expect(sm2Holds(key, example.message, signature)).toBe(true);
  });

  it.each([
    { what: 'another message', args: [key, utf8('message digesu'), signature] as const },
    { what: 'the other root of the same x', args: [fromHex(`02${example.x}`), example.message, signature] as const },
    { what: 'r = 0', args: [key, example.message, concat(zeros, signature.subarray(32))] as const },
    { what: 's = 0', args: [key, example.message, concat(signature.subarray(0, 32), zeros)] as const },
    { what: 'r = n', args: [key, example.message, concat(order, signature.subarray(32))] as const },
    {
      what: 'r + s = n',
      args: [key, example.message, concat(fromHex(`${'00'.repeat(31)}01`), minusOne(order))] as const,
    },
    { what: 'an x that is no point', args: [fromHex(`02${'ff'.repeat(32)}`), example.message, signature] as const },
    { what: '63 bytes', args: [key, example.message, signature.subarray(1)] as const },
    { what: 'a key of 32 bytes', args: [key.subarray(1), example.message, signature] as const },
  ])('does not hold for $what', ({ args }) => {
    expect(sm2Holds(...args)).toBe(false);
  });

  it('made by our simulated phone holds, and with one bit changed does not (seed sm2)', () => {
    const entropy = new SeededEntropy('sm2');
    const made = Sm2Key.create(entropy);
    for (let round = 0; round < 8; round++) {
      const message = entropy.bytes(20 + round);
      const good = made.sign(message, entropy);
      expect(sm2Holds(made.publicKey, message, good)).toBe(true);
      const bad = Uint8Array.from(good);
      bad[round * 8] = (bad[round * 8] ?? 0) ^ 1;
      expect(sm2Holds(made.publicKey, message, bad)).toBe(false);
    }
  });

  it.skipIf(!peer('openssl'))('made by OpenSSL with the default id holds', () => {
    const folder = mkdtempSync(join(tmpdir(), 'stile-sm2-'));
    try {
      const [pem, message, made] = ['key.pem', 'message', 'signature'].map((name) => join(folder, name)) as [
        string,
        string,
        string,
      ];
      execFileSync('openssl', ['genpkey', '-algorithm', 'SM2', '-out', pem], { stdio: 'pipe' });
      writeFileSync(message, 'a transit code');
      execFileSync(
        'openssl',
        [
          'pkeyutl',
          '-sign',
          '-rawin',
          '-digest',
          'sm3',
          '-inkey',
          pem,
          '-in',
          message,
          '-out',
          made,
          '-pkeyopt',
          'distid:1234567812345678',
        ],
        { stdio: 'pipe' },
      );
      const spki = createPublicKey(readFileSync(pem)).export({ type: 'spki', format: 'der' });
      const point = spki.subarray(-64);
      const compressed = concat(Uint8Array.of(2 + ((point[63] ?? 0) & 1)), new Uint8Array(point.subarray(0, 32)));
      expect(sm2Holds(compressed, utf8('a transit code'), plainOf(readFileSync(made)))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** r || s of a DER signature. */
function plainOf(der: Buffer): Uint8Array {
  const rLength = der[3] ?? 0;
  const sLength = der[5 + rLength] ?? 0;
  const [r, s] = [der.subarray(4, 4 + rLength), der.subarray(6 + rLength, 6 + rLength + sLength)];
  return fromHex([r, s].map((part) => part.toString('hex').padStart(66, '0').slice(-64)).join(''));
}

function minusOne(value: Uint8Array): Uint8Array {
  const less = Uint8Array.from(value);
  less[31] = (less[31] ?? 0) - 1;
  return less;
}
