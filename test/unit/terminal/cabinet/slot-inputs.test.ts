// Slot facts become inputs: a tag reader that has not spoken proves no slot empty, and each input has its newest time.
import { describe, expect, it } from 'vitest';
import type { SlotFacts } from '../../../../devices/ports/cabinet.ts';
import { monoMs } from '../../../../runtime/core/brand.ts';
import { isClear } from '../../../../runtime/machines/cabinet/slot.ts';
import { slotInput } from '../../../../runtime/terminal/cabinet/slot-inputs.ts';

const facts = (change: Partial<SlotFacts>): SlotFacts => ({
  slot: 3,
  locked: true,
  doorClosed: true,
  present: false,
  tagId: null,
  chargePercent: null,
  fault: null,
  atMonoMs: monoMs(1_000),
  tagAtMonoMs: monoMs(1_200),
  chargeAtMonoMs: null,
  ...change,
});

describe('a slot', () => {
  it.each([
    ['nothing is there and the reader says so', {}, true],
    ['nothing is there and the reader was never heard', { tagAtMonoMs: null }, false],
    ['something is there', { present: true }, false],
    ['presence is not known', { present: null }, false],
    ['a tag is read where nothing seems to be', { tagId: 'G-1' }, false],
  ] as const)('where %s: is it clear?', (_what, change, clear) => {
    expect(isClear(slotInput(facts(change)).facts)).toBe(clear);
  });

  it('is told with the newest of its times, and touched when lock and presence were read', () => {
    const input = slotInput(facts({ chargeAtMonoMs: monoMs(1_500) }));
    expect([input.atMonoMs, input.facts.atMonoMs]).toEqual([1_500, 1_000]);
  });
});
