// Why a connection to a broker did not come about, in words that name what to change. Either end asks here; what it tries
// again does not depend on the answer.
import { type ErrorCode, messageOf } from '../../runtime/core/errors.ts';

export interface ConnectFault {
  readonly code: Extract<
    ErrorCode,
    'BROKER_REFUSED' | 'BROKER_UNREACHABLE' | 'CERTIFICATE_REFUSED' | 'FILE_UNREADABLE'
  >;
  readonly detail: string;
  readonly remedy: string;
}

/** Codes of Node, of OpenSSL, and reason codes of CONNACK: MQTT 3.1.1 table 3.1, MQTT 5 section 3.2.2.2. */
const faults: readonly (readonly [RegExp, ConnectFault['code'], string])[] = [
  [
    /^CERT_HAS_EXPIRED$/,
    'CERTIFICATE_REFUSED',
    "The broker's certificate has run out, or this clock is wrong: renew it.",
  ],
  [/^CERT_NOT_YET_VALID$/, 'CERTIFICATE_REFUSED', 'This clock is behind: set it.'],
  [/ALTNAME/, 'CERTIFICATE_REFUSED', 'Name the broker as its certificate does, or issue it for this name.'],
  [
    /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/,
    'CERTIFICATE_REFUSED',
    'The file tls.caFile is not of the authority that signed the broker.',
  ],
  [
    /ALERT_CERTIFICATE_EXPIRED/,
    'CERTIFICATE_REFUSED',
    'The own certificate has run out: issue a new one with `stile headend device add`.',
  ],
  [
    /ALERT_CERTIFICATE_REVOKED/,
    'CERTIFICATE_REFUSED',
    'The own certificate is revoked: if the machine is in good hands, issue a new one.',
  ],
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE)/,
    'CERTIFICATE_REFUSED',
    "The broker does not take the own certificate: it must be of the broker's authority, not expired, not revoked.",
  ],
  [/WRONG_VERSION_NUMBER/, 'BROKER_REFUSED', 'This port speaks no TLS: use the port of the mTLS listener.'],
  [/^(ENOENT|EACCES|EISDIR)$/, 'FILE_UNREADABLE', 'Check the files named under tls, and who may read them.'],
  [
    /^(4|5|134|135|138)$/,
    'BROKER_REFUSED',
    'The broker does not let this name in: check its access file and the certificate.',
  ],
  [/^(3|136|137|151)$/, 'BROKER_REFUSED', 'The broker has no room or is being stopped: look at its log.'],
];

export function connectFault(error: unknown): ConnectFault {
  const given = error instanceof Error && 'code' in error ? String(error.code) : '';
  const found = faults.find(([form]) => form.test(given));
  const detail = messageOf(error) || given || 'connection closed';
  if (found) return { code: found[1], detail, remedy: found[2] };
  return {
    code: 'BROKER_UNREACHABLE',
    detail,
    remedy: 'Check that the broker runs, and its address. It is tried again.',
  };
}
