// A connection that does not come about names its cause and what to change.
import { describe, expect, it } from 'vitest';
import { connectFault } from '../../../sync/wire/connect-fault.ts';

const faultWith = (code: string | number, message = 'x'): Error => Object.assign(new Error(message), { code });

describe('a broker that does not let a machine in', () => {
  it.each([
    ['CERT_HAS_EXPIRED', 'CERTIFICATE_REFUSED', /broker's certificate has run out/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'CERTIFICATE_REFUSED', /Name the broker as its certificate does/],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'CERTIFICATE_REFUSED', /caFile/],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED', 'CERTIFICATE_REFUSED', /is revoked/],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'CERTIFICATE_REFUSED', /own certificate has run out/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'CERTIFICATE_REFUSED', /does not take the own certificate/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'BROKER_REFUSED', /speaks no TLS/],
    ['ENOENT', 'FILE_UNREADABLE', /files named under tls/],
    [5, 'BROKER_REFUSED', /does not let this name in/],
    [135, 'BROKER_REFUSED', /does not let this name in/],
    [137, 'BROKER_REFUSED', /no room/],
    ['ECONNREFUSED', 'BROKER_UNREACHABLE', /tried again/],
  ])('%s is %s', (code, expected, remedy) => {
    expect(connectFault(faultWith(code))).toEqual({
      code: expected,
      detail: 'x',
      remedy: expect.stringMatching(remedy),
    });
  });

  it('always has words, also where the network says none', () => {
    expect(connectFault(faultWith('ECONNREFUSED', '')).detail).toBe('ECONNREFUSED');
    expect(connectFault(null).detail).not.toBe('');
  });
});
