// The colours a result is shown in keep a contrast of at least 7:1 (WCAG 2.2, success criterion 1.4.6).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const css = readFileSync(join(import.meta.dirname, '../../../simulators/street/web/style/page.css'), 'utf8');
const colours = new Map(
  [...css.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name = '', hex = '']) => [name, hex]),
);

/** Relative luminance as WCAG 2.2 defines it. */
function luminance(name: string): number {
  const hex = colours.get(name) ?? '';
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((left, right) => left - right);
  return (light + 0.05) / (dark + 0.05);
}

const pairs: readonly (readonly [ink: string, ground: string])[] = [
  ['go-ink', 'go'],
  ['stop-ink', 'stop'],
  ['attend-ink', 'attend'],
  ['device-ink', 'screen'],
  ['device-soft', 'device'],
  ['go', 'ground'],
  ['stop', 'ground'],
  ['stop', 'paper'],
  ['ink', 'ground'],
  ['ink-soft', 'ground'],
];
for (const [ink, ground] of pairs) {
  it(`${ink} on ${ground}`, () => {
    expect(colours.has(ink) && colours.has(ground)).toBe(true);
    expect(contrast(ink, ground)).toBeGreaterThanOrEqual(7);
  });
}
