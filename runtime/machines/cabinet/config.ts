// The cabinet's named defaults, with units. An operator's signed configuration may replace each.

export interface CabinetConfig {
  /** From the open pulse until the latch must have moved. */
  readonly motionTimeoutMs: number;
  /** A latch that is open behind a shut door is closed again after this. */
  readonly doorOpenMs: number;
  readonly presentBeepMs: number;
  readonly presentTimeoutMs: number;
  /** How long a latch that was told to close may take to say so. */
  readonly relatchMs: number;
  /** Item gone, door still open: remind, then lock the slot out. */
  readonly doorWarnMs: number;
  readonly doorAlarmMs: number;
  /** Orders accepted beside the one under way. */
  readonly orderQueue: number;
  /** Slots one order may try. */
  readonly slotsPerOrder: number;
  readonly unseenMs: number;
  readonly custodyMs: number;
  readonly minLendBatteryPercent: number;
  readonly chargeFlatMs: number;
  /** none: nothing is cleaned; device: a lamp answers; staff: a person wipes. */
  readonly hygiene: 'none' | 'device' | 'staff';
  /** A foreign item is given back by opening its slot; otherwise it stays in custody. */
  readonly ejectForeign: boolean;
  /** From an opening that moved nothing to the next INTENT for the same foreign item. */
  readonly ejectPauseMs: number;
  /** Life of the code on the screen; how often a new one is shown; how old its nonce may be in a command. */
  readonly qrLifeMs: number;
  readonly qrRotateMs: number;
  readonly nonceUseMs: number;
  readonly claimTimeoutMs: number;
  /** How long another machine's claim is held without its outcome. */
  readonly claimTtlMs: number;
  /** Without an answer from the other machines: lend and report, or lend on the code's home machine only. */
  readonly dupMode: 'lenient' | 'strict';
  /** Deposit-bearing loan codes need lists younger than this. */
  readonly cabinetListAgeSeconds: number;
  readonly listSoftAgeSeconds: number;
  readonly listHardAgeSeconds: number;
  readonly wideValiditySeconds: number;
  /** Lending stops this long before closing. */
  readonly lendStopSeconds: number;
  /** After a start: how long the sensors have to say what became of an open motion. */
  readonly resolveMs: number;
  /** The same refused bytes get no second answer within this. */
  readonly repeatMs: number;
  readonly badScansPerSecond: number;
  /** Site this cabinet belongs to; null accepts codes of any site. */
  readonly site: number | null;
}

export const cabinetDefaults: CabinetConfig = {
  motionTimeoutMs: 5_000,
  doorOpenMs: 10_000,
  presentBeepMs: 20_000,
  presentTimeoutMs: 40_000,
  relatchMs: 2_000,
  doorWarnMs: 30_000,
  doorAlarmMs: 60_000,
  orderQueue: 3,
  slotsPerOrder: 3,
  unseenMs: 10_000,
  custodyMs: 60_000,
  minLendBatteryPercent: 40,
  chargeFlatMs: 600_000,
  hygiene: 'device',
  ejectForeign: true,
  ejectPauseMs: 1_000,
  qrLifeMs: 60_000,
  qrRotateMs: 30_000,
  nonceUseMs: 150_000,
  claimTimeoutMs: 150,
  claimTtlMs: 60_000,
  dupMode: 'lenient',
  cabinetListAgeSeconds: 259_200,
  listSoftAgeSeconds: 86_400,
  listHardAgeSeconds: 604_800,
  wideValiditySeconds: 86_400,
  lendStopSeconds: 3_600,
  resolveMs: 10_000,
  repeatMs: 3_000,
  badScansPerSecond: 5,
  site: null,
};

/** Bounds of what the machine holds in memory. At a bound the oldest entry makes room, or the input is ignored. */
export const cabinetBounds = {
  slots: 64,
  nonces: 16,
  refusedCodes: 64,
  answers: 64,
  openRequests: 8,
  references: 64,
  settledActs: 256,
  /** Pulses given to one slot for one order. */
  triesPerSlot: 2,
  /** INTENTs that give one foreign item back, whether its latch jams or is shut again on it. */
  ejectTries: 3,
} as const;
