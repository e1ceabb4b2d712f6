// What happens in a scenario: each step has a time, one act, and what is expected of it.
import { z } from 'zod';
import { expectationSchema, expectationsByMachine } from './expect-format.ts';
import { slotDeedSchema } from './machine-format.ts';
import {
  direction,
  localClock,
  localDateTime,
  localName,
  machineName,
  milliseconds,
  scenarioBounds,
  secondsCount,
  slotNumber,
  upOrDown,
} from './names.ts';
import { denySchema, documentBody } from './world-format.ts';

const scan = z
  .strictObject({
    show: localName.optional().describe('What the phone or the paper of this account or ticket shows now.'),
    picture: localName.optional().describe('A code that was kept under this name: the very same bytes.'),
    text: z.string().max(scenarioBounds.textCharacters).optional().describe('Any other text.'),
    keep: localName.optional().describe('Keeps the code shown under this name.'),
    fresh: z.boolean().optional().describe('A code of its own, though the phone would still show the last one.'),
    madeSecondsAgo: secondsCount.optional().describe('A code that the phone made this long ago.'),
    forge: z.enum(['signature']).optional().describe('One bit of the signature is another one.'),
    language: z
      .string()
      .regex(/^[a-z]{2}$/, 'must be two letters')
      .optional()
      .describe('Chosen on the screen.'),
    reader: direction.optional().describe('Of a gate lane: default entry.'),
    identity: z
      .boolean()
      .optional()
      .describe("Gate lane: whether the holder's ID fits the ticket; left out: not read."),
  })
  .refine(({ show, picture, text }) => [show, picture, text].filter((code) => code !== undefined).length === 1, {
    message: 'must have exactly one of: show, picture, text',
  })
  .meta({ oneOf: ['show', 'picture', 'text'].map((key) => ({ required: [key] })) });
/** What every machine knows of a scan. */
export const scanKeys = ['show', 'picture', 'text', 'keep', 'fresh', 'madeSecondsAgo', 'forge'] as const;
export type ScanAct = z.infer<typeof scan>;

const sensor = z.strictObject({
  board: z.enum(['gone', 'back']).optional().describe('The board of lamp, gate or locks stops answering, or answers.'),
  passed: direction.optional().describe('Gate lane: somebody walks through.'),
  heightCentimetres: z.int().min(1).max(300).optional().describe('passed: how tall.'),
  notPassed: direction.optional().describe("Gate lane: the controller's own wait is over; it has locked again."),
  blocked: z.boolean().optional().describe('Gate lane: somebody stands in the way, or no longer.'),
  fault: z.string().max(40).optional().describe('Gate lane: the barrier reports a fault.'),
  fire: z.boolean().optional().describe('Gate lane: the fire contact.'),
  stuck: z.boolean().optional().describe('Gate lane: the barrier does not move.'),
  latches: z
    .enum(['passed', 'notPassed', 'unknown'])
    .optional()
    .describe('Gate lane: the latch answers after a start.'),
  selfTest: z.enum(['passed', 'failed']).optional().describe('Gate lane.'),
  itemShown: localName.optional().describe('A tag is held to the reader, outside any slot.'),
  ...slotDeedSchema.partial().shape,
});
export type SensorAct = z.infer<typeof sensor>;

const command = z.strictObject({
  lease: z
    .strictObject({
      admissions: z.int().min(0).max(100_000),
      lifeSeconds: secondsCount.optional().describe('Default 3600.'),
      waitMinutes: z.int().min(0).max(1_440).optional(),
    })
    .optional()
    .describe('Gate lane.'),
  hold: z
    .strictObject({ waitMinutes: z.int().min(0).max(1_440).optional() })
    .optional()
    .describe('Gate lane.'),
  resume: z.literal(true).optional().describe('Gate lane.'),
  recount: z.int().min(0).max(1_000_000).optional().describe('Gate lane: persons inside.'),
  dispense: localName.optional().describe('Cabinet: order id of the head end.'),
  nonce: localName.optional().describe('The code that was scanned from the screen, kept under this name.'),
  lifeSeconds: z.int().min(-86_400).max(86_400).optional().describe('notAfter from now on; default 30.'),
  language: z
    .string()
    .regex(/^[a-z]{2}$/, 'must be two letters')
    .optional(),
  slot: slotNumber.optional(),
});
export type CommandAct = z.infer<typeof command>;

const staff = z.strictObject({
  does: z
    .enum([
      'openTrip',
      'closeTrip',
      'riders',
      'visit',
      'open',
      'release',
      'quarantine',
      'identify',
      'returnItem',
      'endOrder',
      'resolve',
      'recount',
      'badge',
      'admit',
      'override',
    ])
    .describe('Driver: openTrip to visit. Cabinet: open to recount. Gate lane: badge, admit, override, recount.'),
  why: z.string().max(40).optional().describe('admit, override: the reason.'),
  role: z.string().max(32).optional().describe('Gate lane: of the badge; default gate.'),
  line: z.string().max(16).optional(),
  number: z.int().min(0).max(1_000_000).optional().describe('riders, visit, recount: how many, which.'),
  slot: slotNumber.optional(),
  item: localName.optional(),
  taken: z.boolean().optional(),
});
export type StaffAct = z.infer<typeof staff>;

const document = z.strictObject({
  fares: documentBody.optional(),
  rules: documentBody.optional(),
  deny: denySchema.optional(),
  trusted: z.array(z.string()).max(16).optional(),
});

const power = z.strictObject({
  cut: z
    .enum(['now', 'off', 'on', 'beforeCommit', 'afterCommit', 'afterPulse'])
    .describe(
      'now: at once. off, on: until it is back. The others wait for the next commit: lost before it is durable, after it, or with the pulse that ' +
        'follows it on its way. Power is back at once; the machine starts anew. A cut that never comes is a failure.',
    ),
  record: z
    .strictObject({ type: z.string().optional(), act: z.string().optional() })
    .optional()
    .describe('Waits for a commit with such a record.'),
  keepsClock: z.boolean().optional().describe('True: only the process ends; the boot goes on.'),
  whileDark: z.array(slotDeedSchema).max(16).optional().describe('What people do meanwhile.'),
  latch: z
    .enum(['passed', 'notPassed', 'unknown', 'silent'])
    .optional()
    .describe('Gate lane: what the passage latch says at the start; silent: nothing yet; default unknown.'),
  fire: z.boolean().optional().describe('Gate lane: the fire contact at the start.'),
  silentMs: milliseconds.optional().describe('How long the sensors stay silent after the start.'),
});
/** What every machine knows of a power cut. */
export const powerKeys = ['cut', 'record', 'keepsClock'] as const;
export type PowerAct = z.infer<typeof power>;

const acts = {
  scan: scan.optional(),
  sensor: sensor.optional(),
  command: command.optional(),
  staff: staff.optional(),
  document: document.optional(),
  network: z
    .strictObject({
      headEnd: upOrDown.optional(),
      site: z.enum(['up', 'down', 'silent']).optional().describe('silent: down, and nobody has noticed yet.'),
    })
    .optional(),
  headEnd: z.enum(['storedAll']).optional().describe('It has stored and acknowledged every record so far.'),
  storage: z.enum(['normal', 'warning', 'restricted', 'full', 'unavailable']).optional(),
  power: power.optional(),
  clock: z.strictObject({ stepSeconds: z.int() }).optional().describe('The wall clock jumps; time itself does not.'),
  key: z.enum(['openAgain', 'return']).optional().describe('A key that a visitor presses.'),
  phone: z.strictObject({ scans: localName }).optional().describe("Keeps the code on a cabinet's screen."),
  wait: z.literal(true).optional().describe('Nothing but time: expectations cover all since the step before.'),
} as const;
export const actNames = Object.keys(acts) as readonly (keyof typeof acts)[];

export const stepSchema = z
  .strictObject({
    at: z
      .union([milliseconds, localClock, localDateTime])
      .optional()
      .describe('Milliseconds since the story began, or local time; default: at once.'),
    machine: machineName.optional().describe('Where; default: the first machine of the world.'),
    note: z.string().max(200).optional(),
    ...acts,
    repeat: z
      .strictObject({ times: z.int().min(1).max(scenarioBounds.repeats), everyMs: milliseconds })
      .optional()
      .describe('The act is done so many times; each time the same is expected.'),
    settleMs: milliseconds.optional().describe('Time that passes after the act before it is judged.'),
    expect: expectationSchema.optional(),
    others: expectationsByMachine.optional().describe('What is expected at other machines.'),
  })
  .refine((step) => actNames.filter((name) => step[name] !== undefined).length === 1, {
    message: `must have exactly one act of: ${actNames.join(', ')}`,
  })
  .meta({ id: 'step', oneOf: actNames.map((name) => ({ required: [name] })) });
export type Step = z.infer<typeof stepSchema>;
export type ActName = (typeof actNames)[number];
