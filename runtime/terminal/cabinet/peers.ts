// The other cabinets of a site, as this one needs them: asked about a code, and told what became of it.
// What they say comes back as inputs of the machine.
import type { CabinetEffect } from '../../machines/cabinet/effects.ts';

type EffectOf<Kind extends CabinetEffect['kind']> = Extract<CabinetEffect, { kind: Kind }>;

export interface CabinetPeers {
  /** Its answer, if one comes in time, is a ClaimAnswer. */
  ask(claim: EffectOf<'claimUse'>): void;
  /** Kept and sent again until it arrives. */
  settle(outcome: EffectOf<'settleClaim'>): void;
}

/** A cabinet that stands alone. One that was told of others hears nothing from them and lends by its own mode. */
export const noPeers: CabinetPeers = { ask: () => {}, settle: () => {} };
