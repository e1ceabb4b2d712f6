// What a gate lane is told beside what every terminal is: its barrier and how it is wired, its name at its site, and
// what it does when it stands alone. What the site allows is not here but in its signed rules.
import { z } from 'zod';
import { defaultRelayPins } from '../../../devices/gate/relay/pinout.ts';
import { relayDefaults } from '../../../devices/gate/relay/relay-gate.ts';
import { cycleDefaults } from '../../../devices/gate/release-cycle.ts';
import { gateLaneDefaults, passMarginMs } from '../../machines/gate-lane/config.ts';
import { aGroup, flag, path, pattern, wholeNumber } from './fields.ts';
import { network, sharedKeys } from './shared.ts';

const pin = wholeNumber(2, 19);
const wired = (byDefault: number) => pin.nullable().default(byDefault);
const debounceMs = wholeNumber(20, 50).default(relayDefaults.debounceMs);
const laneName = pattern(/^[A-Za-z0-9_-]{1,32}$/, 'must be 1 to 32 of A-Z a-z 0-9 _ -');

const times = {
  /** How long the barrier's controller waits for a passage: its own setting, told here. */
  controllerWaitMs: wholeNumber(3_000, 10_000).default(gateLaneDefaults.controllerWaitMs),
  passTimeoutMs: wholeNumber(4_000, 20_000).default(gateLaneDefaults.passTimeoutMs),
  motionMs: wholeNumber(200, 5_000).default(cycleDefaults.motionMs),
};

const relaySchema = z.strictObject(
  {
    kind: z.literal('relay'),
    ...times,
    openPulseMs: wholeNumber(100, 500).default(relayDefaults.openPulseMs),
    debounceMs,
    pins: z
      .strictObject(
        {
          unlockEntry: pin.default(defaultRelayPins.unlock.entry),
          unlockExit: pin.default(defaultRelayPins.unlock.exit),
          passageEntry: pin.default(defaultRelayPins.passageEntry.pin),
          passageExit: pin.default(defaultRelayPins.passageExit.pin),
          ready: wired(defaultRelayPins.ready.pin),
          occupied: wired(defaultRelayPins.occupied.pin),
          opened: wired(defaultRelayPins.opened.pin),
          fire: wired(defaultRelayPins.fire.pin),
        },
        aGroup,
      )
      .prefault({}),
  },
  aGroup,
);

const digiconSchema = z.strictObject(
  {
    kind: z.literal('digicon'),
    ...times,
    path,
    debounceMs,
    /** What the controller calls the way in; found by walking through the lane once. */
    entry: z.strictObject({ release: z.enum(['rightToLeft', 'leftToRight']), passage: z.enum(['A', 'B']) }, aGroup),
    /** Of the board with the lamps: the controller says nothing of fire. */
    firePin: wired(defaultRelayPins.fire.pin),
  },
  aGroup,
);
export type RelayGateConfig = Readonly<z.infer<typeof relaySchema>>;
export type DigiconGateConfig = Readonly<z.infer<typeof digiconSchema>>;

const gateSchema = z
  .discriminatedUnion('kind', [relaySchema, digiconSchema], {
    error: ({ input }) => (typeof input === 'object' && input !== null ? 'allowed: relay, digicon' : aGroup),
  })
  .superRefine(({ controllerWaitMs, passTimeoutMs }, context) => {
    const leastMs = controllerWaitMs + passMarginMs;
    if (passTimeoutMs >= leastMs) return;
    const message = `must be ${leastMs} or more: controllerWaitMs + ${passMarginMs}`;
    context.addIssue({ code: 'custom', path: ['passTimeoutMs'], message });
  });

export const gateLaneSchema = z
  .strictObject({
    machine: z.literal('gate-lane'),
    ...sharedKeys,
    gate: gateSchema,
    site: z.strictObject(
      {
        number: wholeNumber(0, 0xffff_ffff),
        zone: laneName.default('main'),
        lane: laneName,
        /** Which way the people go who show their codes to this reader. */
        reader: z.enum(['entry', 'exit']).default('entry'),
        capacity: z.enum(['leases', 'unlimited']).default(gateLaneDefaults.capacity),
        duplicates: z.enum(['lenient', 'strict']).default(gateLaneDefaults.dupMode),
        /** How long the home lane of a ticket is waited for. */
        claimTimeoutMs: wholeNumber(50, 2_000).default(gateLaneDefaults.claimTimeoutMs),
        network,
        creditLocalExits: flag.default(gateLaneDefaults.creditLocalExits),
      },
      aGroup,
    ),
  })
  .superRefine(({ gate, indicator }, context) => {
    const twice = pinUsedTwice(gate, indicator.pins);
    if (twice !== null) context.addIssue({ code: 'custom', path: twice.path, message: twice.message });
  });
export type GateLaneTerminalConfig = Readonly<z.infer<typeof gateLaneSchema>>;

/** One board carries lamps and gate: what is a lamp's cannot be a relay's. */
function pinUsedTwice(
  gate: z.infer<typeof gateSchema>,
  lamps: Readonly<Record<string, number>>,
): { readonly path: string[]; readonly message: string } | null {
  const owners = new Map(Object.entries(lamps).map(([name, pin]) => [pin, `indicator.pins.${name}`]));
  const used = gate.kind === 'relay' ? Object.entries(gate.pins) : [['firePin', gate.firePin] as const];
  for (const [name, pin] of used) {
    if (pin === null) continue;
    const path = gate.kind === 'relay' ? ['gate', 'pins', name] : ['gate', name];
    const owner = owners.get(pin);
    if (owner !== undefined) return { path, message: `must be a pin of its own: ${owner} has it` };
    owners.set(pin, path.join('.'));
  }
  return null;
}
