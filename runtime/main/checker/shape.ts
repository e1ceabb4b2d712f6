// Small readers for parsed JSON: each returns the typed value or names file, line and field.
import { EvidenceProblem } from './evidence-files.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function object(value: unknown, where: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new EvidenceProblem(`${where}: not an object`);
  return value as JsonObject;
}

export function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new EvidenceProblem(`${where}: not a list`);
  return value;
}

export function text(value: unknown, where: string): string {
  if (typeof value !== 'string') throw new EvidenceProblem(`${where}: not text`);
  return value;
}

export function flag(value: unknown, where: string): boolean {
  if (typeof value !== 'boolean') throw new EvidenceProblem(`${where}: neither true nor false`);
  return value;
}

export function count(value: unknown, where: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new EvidenceProblem(`${where}: not a whole number from 0`);
  return value as number;
}

/** Microseconds of CLOCK_MONOTONIC: a number from 0, fractions allowed. */
export function microseconds(value: unknown, where: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw new EvidenceProblem(`${where}: not a time`);
  return value;
}

/** Lower-case hexadecimal, or null. */
export function hexOrNull(value: unknown, where: string): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'string' || !/^([0-9a-fA-F]{2})*$/.test(value))
    throw new EvidenceProblem(`${where}: not hexadecimal`);
  return value.toLowerCase();
}
