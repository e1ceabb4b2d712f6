// The configuration of one terminal, parsed once at the edge into a frozen typed value. Every message
// names the key, the value found and what is allowed.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { hidProfiles } from '../../devices/scanner/protocol/hid-pos.ts';
import { brokerProblem } from '../../sync/terminal/link/broker-address.ts';
import { messageOf, StileError } from '../core/errors.ts';

/** Whole numbers from `least` to `most`; whatever is wrong, the message names the whole range. */
export const wholeNumber = (least: number, most: number) => {
  const allowed = `must be a whole number from ${least} to ${most}`;
  return z.int(allowed).min(least, allowed).max(most, allowed);
};

const text = (least: number, most: number) => {
  const allowed = `must be a text of ${least} to ${most} characters`;
  return z.string(allowed).min(least, allowed).max(most, allowed);
};

const path = text(1, 4_096);
const zoneAllowed = 'must be an IANA time zone such as Europe/Berlin';
const brokersAllowed = 'must be a list of 1 to 8 addresses';
const broker = z.string('must be mqtt://HOST:PORT').superRefine((url, context) => {
  const problem = brokerProblem(url);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});
const pattern = (form: RegExp, allowed: string) => z.string(allowed).regex(form, allowed);
const flag = z.boolean('must be true or false');
const aGroup = 'must be an object with the keys of this group';

const line = pattern(/^[A-Za-z0-9._-]{1,16}$/, 'must be 1 to 16 of A-Z a-z 0-9 . _ -');
const pin = wholeNumber(2, 19);
const suffix = z.enum(['CR', 'LF', 'CRLF']);

const serialScannerSchema = z.strictObject(
  {
    kind: z.literal('serial'),
    path,
    baudRate: wholeNumber(9_600, 921_600).default(115_200),
    suffix: suffix.default('CR'),
    prefix: text(0, 8).default(''),
    aimIdentifier: flag.default(false),
    binaryCodes: flag.default(false),
  },
  aGroup,
);

const usbId = pattern(/^[0-9a-fA-F]{4}$/, 'must be 4 hexadecimal digits').transform((digits) =>
  Number.parseInt(digits, 16),
);

const hidScannerSchema = z
  .strictObject(
    {
      kind: z.literal('hid'),
      path: path.optional(),
      vendorId: usbId.optional(),
      productId: usbId.optional(),
      serialNumber: text(1, 126).optional(),
      profile: z.enum(['auto', ...hidProfiles]).default('auto'),
    },
    aGroup,
  )
  .refine(
    ({ path: device, vendorId, productId }) =>
      device === undefined
        ? vendorId !== undefined && productId !== undefined
        : vendorId === undefined && productId === undefined,
    'must name either path, or vendorId and productId',
  );

/** A configuration that names no kind means a serial line. */
const scannerSchema = z.preprocess(
  (value) => (typeof value === 'object' && value !== null && !('kind' in value) ? { kind: 'serial', ...value } : value),
  z.discriminatedUnion('kind', [serialScannerSchema, hidScannerSchema], {
    error: ({ input }) => (typeof input === 'object' && input !== null ? 'allowed: serial, hid' : aGroup),
  }),
);

const indicatorSchema = z.strictObject(
  {
    path,
    baudRate: wholeNumber(9_600, 921_600).default(57_600),
    reportVersionTimeoutMs: wholeNumber(1, 5_000).default(50),
    pins: z
      .strictObject(
        {
          green: pin.default(4),
          red: pin.default(5),
          amber: pin.default(6),
          white: pin.default(7),
          buzzer: pin.default(8),
        },
        aGroup,
      )
      .prefault({})
      .refine((pins) => new Set(Object.values(pins)).size === 5, 'each pin may be used once'),
  },
  aGroup,
);

const terminalSchema = z.strictObject({
  machine: z.literal('validator'),
  identityFile: path,
  dataFolder: path,
  timeZone: z.string(zoneAllowed).default('UTC').refine(isTimeZone, zoneAllowed),
  serviceDayStart: pattern(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM').default('04:30'),
  rtcKeepsPower: flag.default(true),
  bootId: pattern(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits').optional(),
  scanner: scannerSchema,
  indicator: indicatorSchema,
  brokers: z.array(broker, brokersAllowed).min(1, brokersAllowed).max(8, brokersAllowed),
  trip: z.strictObject({ line, groupMax: wholeNumber(1, 9).default(1) }, aGroup),
  journal: z
    .strictObject({ sizeCapMebibytes: wholeNumber(8, 4_096).default(500) }, aGroup)
    .default({ sizeCapMebibytes: 500 }),
  log: z
    .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info') }, aGroup)
    .default({ level: 'info' }),
});
export type TerminalConfig = Readonly<z.infer<typeof terminalSchema>>;

/**
 * Reads a terminal's configuration. Relative paths count from the file's folder.
 * @throws StileError CONFIG_UNREADABLE, CONFIG_INVALID with one line per wrong key.
 */
export function readTerminalConfig(file: string): TerminalConfig {
  const config = parseConfig(file, terminalSchema);
  const from = (relative: string): string => resolve(dirname(file), relative);
  return Object.freeze({ ...config, identityFile: from(config.identityFile), dataFolder: from(config.dataFolder) });
}

/** Parses a JSON file with `schema`, turning what zod says into sentences a technician can act on. */
export function parseConfig<S extends z.ZodType>(file: string, schema: S): z.infer<S> {
  let written: string;
  try {
    written = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new StileError('CONFIG_UNREADABLE', `configuration ${file}: ${messageOf(cause)}`, {
      remedy: 'Check the path and the permissions of the file.',
      cause,
    });
  }
  const json = parseJson(file, written);
  const parsed = schema.safeParse(json, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new StileError(
    'CONFIG_INVALID',
    parsed.error.issues
      .slice(0, 8)
      .map((issue) => sentence(file, issue, json))
      .join('\n'),
    {
      remedy: 'Correct the keys named above; docs/configuration.md lists every key with its range and default.',
    },
  );
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StileError('CONFIG_INVALID', `configuration ${file} is not JSON: ${messageOf(cause)}`, {
      remedy: 'Correct the file at the position named; JSON allows neither comments nor trailing commas.',
      cause,
    });
  }
}

function sentence(file: string, issue: z.core.$ZodIssue, json: unknown): string {
  const key = issue.path.map(String).join('.') || '(whole file)';
  if (issue.code === 'unrecognized_keys') {
    const name = issue.keys.map((unknown) => [...issue.path, unknown].map(String).join('.')).join(', ');
    return `configuration ${file}: unknown key ${name}; remove it or correct its spelling`;
  }
  return `configuration ${file}: ${key} is ${shown(valueAt(json, issue.path))}; ${allowed(issue)}`;
}

function allowed(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `allowed: ${issue.values.map(String).join(', ')}`;
  return issue.message;
}

function valueAt(json: unknown, keys: readonly PropertyKey[]): unknown {
  let value = json;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
