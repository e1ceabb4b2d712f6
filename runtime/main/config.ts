// The configuration of one terminal, parsed once at the edge into a frozen typed value. Every message
// names the key, the value found and what is allowed.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { messageOf, StileError } from '../core/errors.ts';

const path = z.string().min(1).max(4096);
const line = z.string().regex(/^[A-Za-z0-9._-]{1,16}$/, 'must be 1 to 16 of A-Z a-z 0-9 . _ -');
const pin = z.int().min(2).max(19);
const suffix = z.enum(['CR', 'LF', 'CRLF']);

const scannerSchema = z.strictObject({
  path,
  baudRate: z.int().min(9_600).max(921_600).default(115_200),
  suffix: suffix.default('CR'),
  prefix: z.string().max(8).default(''),
  aimIdentifier: z.boolean().default(false),
  binaryCodes: z.boolean().default(false),
});

const indicatorSchema = z.strictObject({
  path,
  baudRate: z.int().min(9_600).max(921_600).default(57_600),
  reportVersionTimeoutMs: z.int().min(1).max(5_000).default(50),
  pins: z
    .strictObject({ green: pin, red: pin, amber: pin, white: pin, buzzer: pin })
    .default({ green: 4, red: 5, amber: 6, white: 7, buzzer: 8 })
    .refine((pins) => new Set(Object.values(pins)).size === 5, 'each pin may be used once'),
});

const terminalSchema = z.strictObject({
  machine: z.literal('validator'),
  identityFile: path,
  dataFolder: path,
  timeZone: z.string().default('UTC').refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin'),
  serviceDayStart: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM')
    .default('04:30'),
  rtcKeepsPower: z.boolean().default(true),
  bootId: z
    .string()
    .regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits')
    .optional(),
  scanner: scannerSchema,
  indicator: indicatorSchema,
  brokers: z
    .array(z.string().regex(/^mqtts?:\/\//, 'must begin with mqtt:// or mqtts://'))
    .min(1)
    .max(8),
  trip: z.strictObject({ line, groupMax: z.int().min(1).max(9).default(1) }),
  journal: z
    .strictObject({ sizeCapMebibytes: z.int().min(8).max(4_096).default(500) })
    .default({ sizeCapMebibytes: 500 }),
  log: z
    .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info') })
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
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new StileError('CONFIG_UNREADABLE', `configuration ${file}: ${messageOf(cause)}`, {
      remedy: 'Check the path and the permissions of the file.',
      cause,
    });
  }
  const json = parseJson(file, text);
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
  if (issue.code === 'too_small') return `the smallest allowed is ${issue.minimum}`;
  if (issue.code === 'too_big') return `the largest allowed is ${issue.maximum}`;
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
