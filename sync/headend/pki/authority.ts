// The certificate authority of one operator: its own certificate, those of broker, head end and terminals, and the list
// of those that are revoked. It signs nothing else, because a broker lets in whoever it signed for.
import 'reflect-metadata';
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { Bytes } from '../../../runtime/core/bytes.ts';
import { hex } from '../../../runtime/core/bytes.ts';
import type { Entropy } from '../../../runtime/core/entropy.ts';

/** NIST P-256 with SHA-256: what every TLS library and every secure element speaks. */
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export const pkiLimits = {
  authorityDays: 3_650,
  /** A clock that is a little slow must not refuse what was just issued. */
  backdateMs: 3_600_000,
} as const;

const dayMs = 86_400_000;

/** PEM, as every TLS library reads it. */
export interface CertifiedKey {
  readonly certificate: string;
  readonly key: string;
}

/** What is remembered of each certificate, so that it can be revoked. */
export interface Issued extends CertifiedKey {
  /** Hexadecimal. */
  readonly serial: string;
  readonly notAfterMs: number;
}

export interface RevokedSerial {
  readonly serial: string;
  readonly revokedMs: number;
}

export type CertificateUse =
  /** Names and addresses under which clients reach it. */
  { readonly kind: 'server'; readonly names: readonly string[] } | { readonly kind: 'client' };

export async function makeAuthority(name: string, nowMs: number, entropy: Entropy): Promise<CertifiedKey> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(entropy),
    name: [{ O: [name] }, { CN: ['Stile authority'] }],
    ...life(nowMs, pkiLimits.authorityDays),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem('CERTIFICATE', certificate.rawData), key: keys.pem };
}

export class Authority {
  readonly #certificate: x509.X509Certificate;
  readonly #key: SigningKey;

  private constructor(certificate: x509.X509Certificate, key: SigningKey) {
    this.#certificate = certificate;
    this.#key = key;
  }

  static async open({ certificate, key }: CertifiedKey): Promise<Authority> {
    return new Authority(new x509.X509Certificate(certificate), await signingKey(createPrivateKey(key)));
  }

  /** A new key with a certificate whose common name is `name`. */
  async issue(name: string, use: CertificateUse, days: number, nowMs: number, entropy: Entropy): Promise<Issued> {
    const keys = await newKeys();
    const serial = serialNumber(entropy);
    const { notBefore, notAfter } = life(nowMs, days);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial,
      subject: [{ CN: [name] }],
      issuer: this.#certificate.subject,
      notBefore,
      notAfter: new Date(Math.min(notAfter.getTime(), this.#certificate.notAfter.getTime())),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage[use.kind === 'server' ? 'serverAuth' : 'clientAuth'],
        ]),
        await x509.AuthorityKeyIdentifierExtension.create(this.#certificate.publicKey),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ...(use.kind === 'server' ? [new x509.SubjectAlternativeNameExtension(use.names.map(alternativeName))] : []),
      ],
    });
    return {
      certificate: pem('CERTIFICATE', certificate.rawData),
      key: keys.pem,
      serial,
      notAfterMs: certificate.notAfter.getTime(),
    };
  }

  /** Valid as long as the authority: a list that runs out would lock every terminal out at once. */
  async revocationList(revoked: readonly RevokedSerial[], nowMs: number): Promise<string> {
    const list = await x509.X509CrlGenerator.create({
      issuer: this.#certificate.subject,
      thisUpdate: new Date(nowMs - pkiLimits.backdateMs),
      nextUpdate: this.#certificate.notAfter,
      signingAlgorithm: algorithm,
      signingKey: this.#key,
      entries: revoked.map(({ serial, revokedMs }) => ({
        serialNumber: serial,
        revocationDate: new Date(revokedMs),
      })),
      extensions: [await x509.AuthorityKeyIdentifierExtension.create(this.#certificate.publicKey)],
    });
    return pem('X509 CRL', list.rawData);
  }
}

const life = (nowMs: number, days: number): { readonly notBefore: Date; readonly notAfter: Date } => ({
  notBefore: new Date(nowMs - pkiLimits.backdateMs),
  notAfter: new Date(nowMs + days * dayMs),
});

/** 127 random bits, positive and of full length (RFC 5280 section 4.1.2.2). */
function serialNumber(entropy: Entropy): string {
  const bytes: Bytes = entropy.bytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return hex(bytes);
}

const alternativeName = (name: string): x509.JsonGeneralName => ({
  type: /^[0-9.]+$|:/.test(name) ? 'ip' : 'dns',
  value: name,
});

type SigningKey = x509.X509CrlCreateParams['signingKey'];

const signingKey = (key: KeyObject): Promise<SigningKey> =>
  x509.cryptoProvider
    .get()
    .subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), algorithm, false, ['sign']);

async function newKeys() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: algorithm.namedCurve });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return {
    privateKey: await signingKey(privateKey),
    publicKey: await x509.cryptoProvider.get().subtle.importKey('spki', spki, algorithm, true, ['verify']),
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** RFC 7468. The library names a revocation list as OpenSSL does not read it. */
function pem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
