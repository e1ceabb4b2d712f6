// JSON in which byte strings survive, for columns that only this program reads.
import { fromHex, hex } from '../../../runtime/core/bytes.ts';

export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => (inner instanceof Uint8Array ? { $hex: hex(inner) } : inner));

export const fromJson = <T>(text: string): T =>
  JSON.parse(text, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && '$hex' in inner && typeof inner.$hex === 'string'
      ? fromHex(inner.$hex)
      : inner,
  ) as T;
