// The gate lane's named defaults, with units, and the one relation between them that keeps a barrier honest.
import { StileError } from '../../core/errors.ts';
import type { StaffRole } from '../../tokens/staff-roles.ts';

export interface GateLaneConfig {
  /** This gate lane's name in the site's rules. */
  readonly gate: string;
  /** A lane whose site counts nobody is unlimited; any other spends only what the head end leased to it. */
  readonly capacity: 'leases' | 'unlimited';
  /** What happens to a ticket whose home gate lane does not answer. */
  readonly dupMode: 'lenient' | 'strict';
  readonly claimTimeoutMs: number;
  /** How long the home gate lane keeps a claim without an outcome. */
  readonly claimTtlMs: number;
  /** The barrier must confirm that it opened within this. */
  readonly openConfirmMs: number;
  /** The controller's own wait, after which it has locked again. */
  readonly controllerWaitMs: number;
  /** How long this machine waits for the passage. */
  readonly passTimeoutMs: number;
  /** Bodies this soon behind a passage tailgate it; later ones forced the barrier. */
  readonly tailgateMs: number;
  /** Smaller persons are counted, without an alarm. */
  readonly childHeightCentimetres: number;
  readonly blockedMs: number;
  /** After a boot: how long the passage latch may take to answer. */
  readonly recoverMs: number;
  /** A lease is not spent in its last part. */
  readonly leaseGuardMs: number;
  /** An exit gives its place back to this lane's own lease. */
  readonly creditLocalExits: boolean;
  readonly manualIdleMs: number;
  /** How long a refused ticket waits for staff to override. */
  readonly overrideMs: number;
  readonly staffRoles: readonly StaffRole[];
  /** Reads of one code closer together than this are one. */
  readonly repeatMs: number;
  readonly statisticsMs: number;
  readonly listSoftAgeSeconds: number;
  readonly listHardAgeSeconds: number;
  /** With an untrusted clock a ticket must span the clock's floor by this. */
  readonly wideValiditySeconds: number;
  /** The use of a ticket is remembered this long after its end. */
  readonly useKeepSeconds: number;
  /** Refusals that get a row and a reference of their own. */
  readonly badScansPerSecond: number;
}

export const gateLaneDefaults: Omit<GateLaneConfig, 'gate'> = {
  capacity: 'leases',
  dupMode: 'lenient',
  claimTimeoutMs: 150,
  claimTtlMs: 60_000,
  openConfirmMs: 2_000,
  controllerWaitMs: 5_000,
  passTimeoutMs: 8_000,
  tailgateMs: 3_000,
  childHeightCentimetres: 110,
  blockedMs: 10_000,
  recoverMs: 10_000,
  leaseGuardMs: 5_000,
  creditLocalExits: false,
  manualIdleMs: 600_000,
  overrideMs: 60_000,
  staffRoles: ['gate', 'technician'],
  repeatMs: 3_000,
  statisticsMs: 900_000,
  listSoftAgeSeconds: 86_400,
  listHardAgeSeconds: 604_800,
  wideValiditySeconds: 86_400,
  useKeepSeconds: 604_800,
  badScansPerSecond: 5,
};

/** The machine must outwait the controller by this, or it would call a person unpassed who may still pass. */
export const passMarginMs = 1_000;

/** Bounds of what the machine holds in memory. At a bound the oldest entry makes room. */
export const gateLaneBounds = {
  /** Codes read moments ago. */
  shownCodes: 64,
  /** Persons whose exit code waits for the one before to walk through. */
  exitsWaiting: 16,
  /** Outcomes of other lanes' claims, so that one told twice counts once. */
  settledActs: 256,
  /** Commands already answered. */
  commands: 32,
  occupancy: 1_000_000,
  leaseAdmissions: 100_000,
} as const;

/** @throws StileError CONFIG_INVALID naming key, value and what is allowed. */
export function checkGateLaneConfig(config: GateLaneConfig): void {
  const leastMs = config.controllerWaitMs + passMarginMs;
  if (config.passTimeoutMs >= leastMs) return;
  throw new StileError(
    'CONFIG_INVALID',
    `passTimeoutMs is ${config.passTimeoutMs}, must be ${leastMs} or more (controllerWaitMs + ${passMarginMs})`,
    { remedy: 'Raise passTimeoutMs, or set controllerWaitMs to what the barrier controller really waits.' },
  );
}
