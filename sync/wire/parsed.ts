// Reading a message: canonical CBOR, then a schema, then a value or one sentence. Whatever a peer sends
// is an answer here, never an exception.
import type { z } from 'zod';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { type CborProfile, decodeCbor, isBytes, messageProfile, plain } from '../../runtime/core/cbor.ts';
import { messageOf } from '../../runtime/core/errors.ts';

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

export const refused = (problem: string): { readonly ok: false; readonly problem: string } => ({ ok: false, problem });

/** Unknown keys are ignored, so that a newer peer may say more. */
export function parseMessage<S extends z.ZodType>(
  bytes: Bytes,
  schema: S,
  profile: CborProfile = messageProfile,
): Parsed<z.infer<S>> {
  let value: unknown;
  try {
    value = plain(decodeCbor(bytes, profile));
  } catch (error) {
    return refused(messageOf(error));
  }
  return parseValue(value, schema);
}

export function parseValue<S extends z.ZodType>(value: unknown, schema: S): Parsed<z.infer<S>> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const issue = parsed.error.issues[0];
  return refused(`${issue?.path.map(String).join('.') || 'message'}: ${issue?.message ?? 'invalid'}`);
}

/** For schemas: a byte string of `min` to `max` bytes. */
export const isBytesOf =
  (min: number, max = min) =>
  (value: unknown): value is Bytes =>
    isBytes(value) && value.length >= min && value.length <= max;
