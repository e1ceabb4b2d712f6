// Faults: errors with a stable code, a cause and a remedy. A refusal of a passenger's code is not a
// fault (see runtime/records/reasons.ts), and a bug is an assertion.

/** Stable: documented in docs/errors.md, never renamed. */
export const errorCodes = [
  'BROKER_REFUSED',
  'BROKER_UNREACHABLE',
  'CBOR_MALFORMED',
  'CERTIFICATE_REFUSED',
  'CONFIG_INVALID',
  'CONFIG_UNREADABLE',
  'DATABASE_REFUSED',
  'DATABASE_UNAVAILABLE',
  'DEVICE_ABSENT',
  'DEVICE_BUSY',
  'DEVICE_FORBIDDEN',
  'DEVICE_LOST',
  'DEVICE_MISMATCH',
  'DEVICE_SILENT',
  'DEVICE_UNSUPPORTED',
  'DOCUMENT_REFUSED',
  'FILE_UNREADABLE',
  'IDENTITY_INVALID',
  'INTERNAL',
  'JOURNAL_CHAIN_BROKEN',
  'JOURNAL_CORRUPT',
  'JOURNAL_FULL',
  'JOURNAL_LOCKED',
  'JOURNAL_OUTCOME_UNKNOWN',
  'JOURNAL_SQLITE_REFUSED',
  'JOURNAL_UNAVAILABLE',
  'LINE_UNAVAILABLE',
  'LINK_LOST',
  'MESSAGE_MALFORMED',
  'NATIVE_PACKAGE_MISSING',
  'NOT_FOUND',
  'PEER_MISSING',
  'PORT_IN_USE',
  'SCENARIO_INVALID',
  'USAGE',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

export class StileError extends Error {
  override readonly name = 'StileError';
  readonly code: ErrorCode;
  /** What a person can do about it, one sentence. */
  readonly remedy: string;

  /** `message` says what happened, naming key, value and what is allowed. */
  constructor(code: ErrorCode, message: string, options: { remedy: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy;
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
