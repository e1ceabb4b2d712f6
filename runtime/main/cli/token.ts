// `stile token`: what a code says, whether a terminal would take it, and codes to try. Codes come one a
// line on standard input; every answer is one JSON object on one line.
import { secondsOf, type UnixSeconds, unixSeconds, wallMs } from '../../core/brand.ts';
import { type Bytes, hex } from '../../core/bytes.ts';
import { SystemClock } from '../../core/clock.ts';
import { systemEntropy } from '../../core/entropy.ts';
import { StileError } from '../../core/errors.ts';
import type { Moment } from '../../core/trusted-time.ts';
import { CredentialCache } from '../../tokens/credential-cache.ts';
import type { DenyLookup } from '../../tokens/deny.ts';
import { inspectCode } from '../../tokens/inspect.ts';
import type { Outcome, Verdict } from '../../tokens/outcome.ts';
import { ReplayRing } from '../../tokens/replay-ring.ts';
import type { StaffRole } from '../../tokens/staff-roles.ts';
import type { TrustView } from '../../tokens/trust-view.ts';
import type { TokenVerifier } from '../../tokens/verifier.ts';
import { defaultLimits } from '../../tokens/verifier.ts';
import { type Lookups, nativeFormats, verifyCode } from '../../tokens/verify.ts';
import { type ForeignFormat, readForeignKeys } from './foreign-keys.ts';
import { inputLines } from './input-lines.ts';
import { wholeNumber } from './number.ts';
import { exitCodes } from './report.ts';
import { type MintedKind, TestIssuer } from './test-issuer.ts';
import { readDenyFile, readRoots, readTrustFile } from './trust-files.ts';

const clock = new SystemClock();
const mintedMax = 10_000;

export async function inspectTokens(): Promise<number> {
  let readable = true;
  for await (const line of inputLines(process.stdin)) {
    const inspected = inspectCode(Buffer.from(line).toString('latin1'));
    readable &&= inspected.ok;
    print(inspected);
  }
  return readable ? exitCodes.done : exitCodes.fault;
}

export interface VerifyOptions {
  readonly trust?: string;
  readonly roots?: string;
  readonly deny?: string;
  readonly at?: string;
  readonly format?: ForeignFormat;
  readonly keys?: string;
}

/** Each code by itself, with no memory of the one before: a code given twice is good twice. */
export async function verifyTokens(options: VerifyOptions): Promise<number> {
  const now = momentAt(options.at);
  const { trust, deny, formats, bytesOf } = options.format ? foreign(options.format, options) : native(options, now);
  const lookups: Lookups = {
    ring: new ReplayRing(),
    deny,
    status: () => null,
    defect: (_format, error) => {
      throw error;
    },
  };
  const context = { now, trust, limits: defaultLimits, cache: new CredentialCache() };
  let accepted = true;
  for await (const line of inputLines(process.stdin)) {
    const verdict = verifyCode(bytesOf(line), now.monoMs, context, lookups, formats);
    accepted &&= verdict.accepted;
    print(answerOf(verdict));
  }
  return accepted ? exitCodes.done : exitCodes.fault;
}

interface Verification {
  readonly trust: TrustView;
  readonly deny: DenyLookup | null;
  readonly formats: readonly TokenVerifier[];
  readonly bytesOf: (line: Bytes) => Bytes;
}

function native(options: VerifyOptions, now: Moment): Verification {
  if (!options.trust) throw missing('--trust', 'Name the signed trust list, or a foreign --format with --keys.');
  const pinned = readRoots(options.roots, options.trust);
  const trust = readTrustFile(options.trust, pinned);
  const deny = options.deny ? readDenyFile(options.deny, pinned.operator, trust, secondsOf(now.wallMs)) : null;
  return { trust, deny, formats: nativeFormats, bytesOf: (line) => line };
}

function foreign(format: ForeignFormat, options: VerifyOptions): Verification {
  if (!options.keys) throw missing('--keys', `Name the key file of ${format}.`);
  const keys = readForeignKeys(format, options.keys);
  return { trust: keys.trust, deny: null, formats: [keys.format], bytesOf: keys.bytesOf };
}

const missing = (option: string, remedy: string): StileError =>
  new StileError('USAGE', `${option} is missing`, { remedy });

export async function mintTokens(options: {
  issuer: string;
  kind: string;
  count: string;
  role: StaffRole[];
  at?: string;
}): Promise<number> {
  const count = wholeNumber('--count', options.count, 1, mintedMax);
  const codes = TestIssuer.open(options.issuer, clock, systemEntropy).mint(
    options.kind as MintedKind,
    count,
    timeAt(options.at),
    options.role,
  );
  for (const code of codes) process.stdout.write(`${code}\n`);
  return exitCodes.done;
}

export function denyTestAccount(account: string | null, options: { issuer: string; at?: string }): number {
  const denied = TestIssuer.open(options.issuer, clock, systemEntropy).deny(account, timeAt(options.at));
  print({ denied });
  return exitCodes.done;
}

function answerOf(verdict: Verdict): Record<string, unknown> {
  if (verdict.accepted) return { outcome: 'accepted', reason: 'OK', ...claimsOf(verdict.outcome) };
  return {
    outcome: 'refused',
    reason: verdict.reason,
    detail: verdict.detail,
    ...(verdict.outcome ? claimsOf(verdict.outcome) : { issuer: verdict.issuer }),
  };
}

/** Normalised claims, bytes in hexadecimal; the token itself is left out. */
function claimsOf(outcome: Outcome): Record<string, unknown> {
  const { evidence: _evidence, ...claims } = outcome;
  return shown(claims) as Record<string, unknown>;
}

function shown(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value as Bytes);
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shown(inner)]));
}

/** @throws StileError USAGE for anything but an ISO 8601 time with its offset. */
function timeAt(text: string | undefined): UnixSeconds {
  if (text === undefined) return secondsOf(clock.wallMs());
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(at) && at >= 0) return unixSeconds(Math.floor(at / 1000));
  throw new StileError('USAGE', `--at is ${JSON.stringify(text)}; allowed: a time such as 2026-03-01T08:30:00Z`, {
    remedy: 'Give --at an ISO 8601 time with Z or an offset.',
  });
}

const momentAt = (text: string | undefined): Moment => ({
  wallMs: wallMs(timeAt(text) * 1000),
  monoMs: clock.monoMs(),
  state: 'SYNCED',
  uncertaintyMs: 0,
  floorMs: wallMs(0),
});

const print = (answer: object): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);
