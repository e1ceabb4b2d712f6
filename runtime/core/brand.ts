// Branded types: a time on one axis, an id or an amount cannot be passed where another is meant.

declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Wall time, milliseconds since 1970-01-01 UTC, integer. Judges tickets; never measures a wait. */
export type WallMs = Brand<number, 'WallMs'>;
/** Monotonic time of one boot, milliseconds, integer. Measures waits; never judges a ticket. */
export type MonoMs = Brand<number, 'MonoMs'>;
/** Wall time in whole seconds since 1970-01-01 UTC, as tokens and documents carry it (u32). */
export type UnixSeconds = Brand<number, 'UnixSeconds'>;
/** Terminal id, `[A-Za-z0-9_-]{1,32}`: a topic level, a certificate common name and a row field. */
export type TerminalId = Brand<string, 'TerminalId'>;
/** Operator id, same alphabet as a terminal id. */
export type OperatorId = Brand<string, 'OperatorId'>;
/** Journal epoch: generation x 2^32 + 32 random bits, a safe integer. */
export type Epoch = Brand<number, 'Epoch'>;
/** Position of a row in its epoch: from 0, without gaps. */
export type Seq = Brand<number, 'Seq'>;
/** Business day, `YYYY-MM-DD`, fixed when a row is made. */
export type BusinessDay = Brand<string, 'BusinessDay'>;

/** An amount in integer minor units of one ISO 4217 currency. */
export interface Money {
  readonly amountMinor: number;
  readonly currency: string;
}

export const wallMs = (value: number): WallMs => value as WallMs;
export const monoMs = (value: number): MonoMs => value as MonoMs;
export const unixSeconds = (value: number): UnixSeconds => value as UnixSeconds;
export const secondsOf = (time: WallMs): UnixSeconds => Math.floor(time / 1000) as UnixSeconds;
export const epoch = (value: number): Epoch => value as Epoch;
export const seq = (value: number): Seq => value as Seq;
export const businessDay = (value: string): BusinessDay => value as BusinessDay;

const idPattern = /^[A-Za-z0-9_-]{1,32}$/;
export const isId = (value: string): boolean => idPattern.test(value);
export const terminalId = (value: string): TerminalId => checkedId(value, 'terminal id') as TerminalId;
export const operatorId = (value: string): OperatorId => checkedId(value, 'operator id') as OperatorId;

function checkedId(value: string, what: string): string {
  if (!isId(value)) throw new RangeError(`${what} ${JSON.stringify(value)} is not [A-Za-z0-9_-]{1,32}`);
  return value;
}
