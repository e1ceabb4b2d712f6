// The machines of a scenario's world, and what of their configuration a file may set: every named default
// of the real machine, by its own name.
import { z } from 'zod';
import { type CabinetConfig, cabinetDefaults } from '../../machines/cabinet/config.ts';
import { type GateLaneConfig, gateLaneDefaults } from '../../machines/gate-lane/config.ts';
import { type ValidatorConfig, validatorDefaults } from '../../machines/validator/config.ts';
import { localName, milliseconds, scenarioBounds, slotNumber } from './names.ts';

const words: Readonly<Record<string, z.ZodType>> = {
  dupMode: z.enum(['lenient', 'strict']),
  hygiene: z.enum(['none', 'device', 'staff']),
  capacity: z.enum(['leases', 'unlimited']),
};

function settingFor(name: string, standard: unknown): z.ZodType {
  const word = words[name];
  if (word !== undefined) return word;
  if (typeof standard === 'boolean') return z.boolean();
  if (Array.isArray(standard)) return z.array(z.string().max(32)).max(16);
  if (typeof standard === 'number') return z.int().min(0);
  return z.int().min(0).nullable();
}

const configOf = <Config>(defaults: object) =>
  z
    .strictObject(
      Object.fromEntries(
        Object.entries(defaults).map(([name, standard]) => [name, settingFor(name, standard).optional()]),
      ),
    )
    .describe("The machine's own settings; what is left out has its default.") as unknown as z.ZodType<Partial<Config>>;

const validator = z.strictObject({
  kind: z.literal('validator'),
  line: z.string().max(16).optional().describe('Line of the trip that is open when the story begins; default 7.'),
  trip: z.boolean().optional().describe('False: no trip is open.'),
  indicator: z.enum(['ready', 'gone']).optional().describe('gone: lamp and sound cannot be given.'),
  config: configOf<ValidatorConfig>(validatorDefaults).optional(),
});

const bay = z.strictObject({
  item: localName.describe("Serial of the item's tag."),
  charge: z.int().min(0).max(100).optional().describe('Percent; default 90.'),
});

const cabinet = z.strictObject({
  kind: z.literal('cabinet'),
  slots: z.array(bay.nullable()).min(1).max(64).describe('Slot 1 first; null is an empty slot.'),
  canRelatch: z.boolean().optional().describe('False: a spring latch, which only a person pushes shut.'),
  hygieneMs: milliseconds.optional().describe('How long its lamp takes to clean an item; default 30000.'),
  closesInSeconds: z.int().min(0).optional(),
  config: configOf<CabinetConfig>(cabinetDefaults).optional(),
});

const gateLane = z.strictObject({
  kind: z.literal('gateLane'),
  places: z
    .int()
    .min(0)
    .max(100_000)
    .nullable()
    .optional()
    .describe('Leased at the start, for a day; default 1000; null: none.'),
  confirmsOpening: z.boolean().optional().describe('False: the barrier does not say when it has opened.'),
  openingMs: milliseconds.optional().describe('From the pulse until it says so; default 100.'),
  config: configOf<Omit<GateLaneConfig, 'gate'>>(gateLaneDefaults).optional(),
});

export const machineSchema = z.discriminatedUnion('kind', [validator, gateLane, cabinet]);
export type MachineSetting = z.infer<typeof machineSchema>;
export type ValidatorSetting = Extract<MachineSetting, { kind: 'validator' }>;
export type GateLaneSetting = Extract<MachineSetting, { kind: 'gateLane' }>;
export type CabinetSetting = Extract<MachineSetting, { kind: 'cabinet' }>;

/** What happens at a cabinet's slots, as people and bad luck do it. */
export const slotDeedSchema = z
  .strictObject({
    slot: slotNumber,
    does: z
      .enum(['take', 'fetch', 'put', 'openDoor', 'closeDoor', 'turn', 'rob', 'set', 'clean', 'damage', 'lockJam'])
      .describe(
        'take: out of an open slot; fetch: take and close the door; put: into the slot; turn: the item round, so that ' +
          'its tag is read; rob: with a crowbar; set: change charge, jams or dumb; clean: the hygiene lamp has ended; ' +
          'damage: the visitor says it is damaged; lockJam: the lock reports a fault.',
      ),
    item: localName.optional().describe('put: whose tag.'),
    wrongWay: z.boolean().optional().describe('put: so that its tag is not read.'),
    door: z.enum(['open', 'shut']).optional().describe('put: default shut.'),
    charge: z.int().min(0).max(100).optional(),
    jams: z.int().min(0).max(scenarioBounds.repeats).optional().describe('set: pulses the latch will not follow.'),
    dumb: z.boolean().optional().describe('set: the latch follows, but its switch does not say so.'),
    good: z.boolean().optional().describe('clean: whether the item came through; default true.'),
  })
  .meta({ id: 'slotDeed' });
export const slotDeedKeys = Object.keys(slotDeedSchema.shape);
export type SlotDeed = z.infer<typeof slotDeedSchema>;
