// Reads a configuration file. Every message names the key, the value found and what is allowed.
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { messageOf, StileError } from '../../core/errors.ts';

/**
 * Parses a JSON file with `schema`, turning what zod says into sentences a technician can act on.
 * @throws StileError CONFIG_UNREADABLE, CONFIG_INVALID with one line per wrong key.
 */
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
