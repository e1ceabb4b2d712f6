// What can be switched off in a scenario to see whether anybody would notice: each switch takes one rule away
// from the real parts, at their own seams.
import type { CabinetConfig } from '../../machines/cabinet/config.ts';
import type { CabinetFacts } from '../../machines/cabinet/facts.ts';
import type { CabinetInput } from '../../machines/cabinet/input.ts';
import type { CabinetState } from '../../machines/cabinet/state.ts';
import type { GateLaneConfig } from '../../machines/gate-lane/config.ts';
import type { GateLaneFacts } from '../../machines/gate-lane/facts.ts';
import type { GateLaneInput } from '../../machines/gate-lane/input.ts';
import type { GateLaneState } from '../../machines/gate-lane/state.ts';
import type { ValidatorConfig } from '../../machines/validator/config.ts';
import type { ValidatorFacts } from '../../machines/validator/facts.ts';
import type { ValidatorInput } from '../../machines/validator/input.ts';
import type { ValidatorState } from '../../machines/validator/state.ts';
import type { Payload } from '../../records/payload.ts';
import type { Verdict } from '../../tokens/outcome.ts';

/** Around a machine's step. */
export interface MachineSwitch<State, Input, Facts, Config> {
  readonly config?: Partial<Config>;
  /** What the step is given instead of its facts. */
  readonly facts?: (facts: Facts) => Facts;
  readonly state?: (state: State) => State;
  /** Null: the machine never hears of it. */
  readonly input?: (input: Input, state: State, facts: Facts) => Input | null;
  /** What the step's rows say instead. */
  readonly payload?: (payload: Payload) => Payload;
}

export interface Switches {
  readonly validator?: MachineSwitch<ValidatorState, ValidatorInput, ValidatorFacts, ValidatorConfig>;
  readonly cabinet?: MachineSwitch<CabinetState, CabinetInput, CabinetFacts, CabinetConfig>;
  readonly gateLane?: MachineSwitch<GateLaneState, GateLaneInput, GateLaneFacts, GateLaneConfig>;
  /** The replay ring remembers nothing. */
  readonly ringForgets?: true;
  /** Every issuer of the world is on the trust list. */
  readonly everybodyTrusted?: true;
  /** The deny list is empty. */
  readonly nobodyDenied?: true;
  readonly verdict?: (verdict: Verdict) => Verdict;
  /** Verification looks at no ticket's window. */
  readonly windowsIgnored?: true;
  /** Codes are verified as if they had just been made. */
  readonly codesNeverAge?: true;
  readonly answersEarly?: true;
  /** A clock is believed whatever its trust. */
  readonly clockBelieved?: true;
  readonly monotonicFollowsWall?: true;
  /** After a start nothing is asked of the sensors. */
  readonly sensorsNotRead?: true;
  /** What a machine held in memory survives a power cut. */
  readonly noncesOutliveBoot?: true;
}
