// The validator's named defaults, with units. An operator's signed configuration may replace each.

export interface ValidatorConfig {
  /** Reads of one account closer together than this are one presence. */
  readonly repeatMs: number;
  /** A product without companions is not charged again within this. */
  readonly passbackSeconds: number;
  /** Riders per account and stop visit, where neither product nor line says otherwise. */
  readonly groupMax: number;
  /** How long a rider count from the driver waits for its presentation. */
  readonly ridersKeepMs: number;
  readonly offlineTapsMax: number;
  readonly offlineSpendMaxMinor: number;
  readonly listSoftAgeSeconds: number;
  readonly listHardAgeSeconds: number;
  readonly staleTapsMax: number;
  /** Null: the fare table's dearest single ride. */
  readonly staleSpendMaxMinor: number | null;
  /** With an untrusted clock a credential must outlive the clock's floor by this. */
  readonly wideValiditySeconds: number;
  /** After a power cut: how long a ride whose cue was never shown waits for its rider. */
  readonly unsignalledSeconds: number;
  readonly tripResumeHours: number;
  readonly tableGraceSeconds: number;
  /** Refusals that get a row and a reference of their own. */
  readonly badScansPerSecond: number;
  /** Site this vehicle belongs to; null accepts credentials of any site. */
  readonly site: number | null;
}

export const validatorDefaults: ValidatorConfig = {
  repeatMs: 3_000,
  passbackSeconds: 600,
  groupMax: 1,
  ridersKeepMs: 30_000,
  offlineTapsMax: 5,
  offlineSpendMaxMinor: 2_000,
  listSoftAgeSeconds: 86_400,
  listHardAgeSeconds: 604_800,
  staleTapsMax: 2,
  staleSpendMaxMinor: null,
  wideValiditySeconds: 86_400,
  unsignalledSeconds: 600,
  tripResumeHours: 4,
  tableGraceSeconds: 172_800,
  badScansPerSecond: 5,
  site: null,
};

/** Bounds of what the machine holds in memory. At a bound the oldest entry makes room. */
export const validatorBounds = {
  holdOffs: 64,
  shownCodes: 64,
  refusedCodes: 64,
  unsignalledRides: 16,
  ridersMax: 50,
} as const;
