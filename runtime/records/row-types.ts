// Why a journal row exists: a closed list. What happened stands in the payload.

export const rowTypes = [
  'GENESIS',
  'BOOT',
  'DECISION',
  'INTENT',
  'OUTCOME',
  'LIST',
  'CLOCK',
  'SERVICE',
  'SECURITY',
  'CHECKPOINT',
  'RECEIPT',
] as const;
export type RowType = (typeof rowTypes)[number];
