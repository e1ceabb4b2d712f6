// What the screen of a cabinet passes on: keys that visitors press, and what a person says of a guide in its slot. The
// screen is another process, so nothing of what it says is believed to be well formed.
import type { MonoMs } from '../../core/brand.ts';
import { cabinetBounds } from '../../machines/cabinet/config.ts';
import type { CabinetInput } from '../../machines/cabinet/input.ts';
import type { ChildOrder } from '../child-channel.ts';

/**
 * `{kind: 'key', key: 'return' | 'openAgain'}`, `{kind: 'wiped', slot, ok}`, `{kind: 'damaged', slot}`; null for
 * anything else.
 */
export function cabinetOrder({ kind, key, slot, ok }: ChildOrder, atMonoMs: MonoMs): CabinetInput | null {
  if (kind === 'key') return key === 'return' || key === 'openAgain' ? { kind: 'Key', key, atMonoMs } : null;
  if (!isSlot(slot)) return null;
  if (kind === 'wiped') return typeof ok === 'boolean' ? { kind: 'HygieneDone', slot, ok, atMonoMs } : null;
  return kind === 'damaged' ? { kind: 'DamageReported', slot, atMonoMs } : null;
}

const isSlot = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= cabinetBounds.slots;
