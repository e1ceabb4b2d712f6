// The other gate lanes of a site, as this one needs them: asked about a ticket, and told what became of it. What they
// say comes back as inputs of the machine.
import type { GateLaneEffect } from '../../machines/gate-lane/effects.ts';

type EffectOf<Kind extends GateLaneEffect['kind']> = Extract<GateLaneEffect, { kind: Kind }>;

export interface LanePeers {
  /** Whether there is anybody to ask at the start; changes come as Network inputs. */
  readonly reachable: boolean;
  /** Its answer, if one comes in time, is a ClaimAnswer. */
  ask(claim: EffectOf<'claimUse'>): void;
  /** Kept and sent again until it arrives. */
  settle(outcome: EffectOf<'settleClaim'>): void;
}

/** A lane that hears no other. Where its site has more, it decides by its own mode and does not wait for them. */
export const noPeers: LanePeers = { reachable: false, ask: () => {}, settle: () => {} };
