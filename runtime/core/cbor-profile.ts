// What one kind of input may contain: the bounds that are checked before any value is allocated.

/** What one kind of input may contain. Bounds are checked before any value is allocated. */
export interface CborProfile {
  readonly name: string;
  readonly maxBytes: number;
  readonly maxDepth: number;
  readonly maxItems: number;
  readonly textKeys: boolean;
  readonly integerKeys: boolean;
  readonly nullAllowed: boolean;
}

const kibibyte = 1024;
export const tokenProfile: CborProfile = {
  name: 'token',
  maxBytes: 400,
  maxDepth: 6,
  maxItems: 64,
  textKeys: false,
  integerKeys: true,
  nullAllowed: false,
};
export const documentProfile: CborProfile = {
  name: 'document',
  maxBytes: 256 * kibibyte,
  maxDepth: 8,
  maxItems: 65_536,
  textKeys: true,
  integerKeys: true,
  nullAllowed: true,
};
export const messageProfile: CborProfile = { ...documentProfile, name: 'message', integerKeys: false };
export const recordProfile: CborProfile = {
  ...documentProfile,
  name: 'record',
  maxBytes: 64 * kibibyte,
  maxItems: 4_096,
};
