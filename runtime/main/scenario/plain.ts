// Machine data as plain JSON, so that a story in any language can be compared with it.

import type { Bytes } from '../../core/bytes.ts';

/** `nameBytes` is given the object that held the bytes, whose other fields say what they are. */
export function plainOf(
  value: unknown,
  nameBytes: (bytes: Bytes, holder: object) => string,
  holder: object = {},
): unknown {
  if (value instanceof Uint8Array) return nameBytes(value, holder);
  if (Array.isArray(value)) return value.map((inner) => plainOf(inner, nameBytes, holder));
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, inner]) => [String(key), plainOf(inner, nameBytes, value)]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainOf(inner, nameBytes, value)]));
}
