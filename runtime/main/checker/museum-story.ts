// What the story of a museum says should have happened, step by step and machine by machine.
import { count, flag, type JsonObject, list, microseconds, object, text } from './shape.ts';

/** What a step should come to at its machine; null where the story does not say. */
export const museumDeeds = ['admitted', 'refused', 'dispensed', 'returned'] as const;
export type MuseumDeed = (typeof museumDeeds)[number];

export interface MuseumStep {
  readonly name: string;
  readonly terminal: string;
  readonly fromUs: number;
  readonly toUs: number;
  readonly expected: Readonly<Record<MuseumDeed, number | null>>;
}

export interface MuseumStory {
  /** Persons whom all lanes together may let in. */
  readonly capacity: number;
  readonly fires: readonly { readonly terminal: string; readonly fromUs: number; readonly toUs: number }[];
  readonly kills: readonly { readonly terminal: string; readonly atUs: number; readonly fired: boolean }[];
  readonly steps: readonly MuseumStep[];
}

export function museumStoryOf(story: JsonObject, file: string): MuseumStory {
  const each = <T>(key: string, read: (entry: JsonObject, where: string) => T): readonly T[] =>
    list(story[key], `${file} museum.${key}`).map((entry, index) => {
      const where = `${file} museum.${key}[${index}]`;
      return read(object(entry, where), where);
    });
  return {
    capacity: count(story['capacity'], `${file} museum.capacity`),
    fires: each('fires', (fire, where) => ({ terminal: text(fire['terminal'], where), ...span(fire, where) })),
    kills: each('kills', (kill, where) => ({
      terminal: text(kill['terminal'], where),
      atUs: microseconds(kill['atUs'], `${where} atUs`),
      fired: flag(kill['fired'], `${where} fired`),
    })),
    steps: each('steps', stepOf),
  };
}

const span = (entry: JsonObject, where: string) => ({
  fromUs: microseconds(entry['fromUs'], `${where} fromUs`),
  toUs: microseconds(entry['toUs'], `${where} toUs`),
});

function stepOf(step: JsonObject, where: string): MuseumStep {
  const told = object(step['expected'] ?? {}, `${where} expected`);
  const expected = (deed: MuseumDeed) => (told[deed] === undefined ? null : count(told[deed], `${where} ${deed}`));
  return {
    name: text(step['name'], `${where} name`),
    terminal: text(step['terminal'], `${where} terminal`),
    ...span(step, where),
    expected: {
      admitted: expected('admitted'),
      refused: expected('refused'),
      dispensed: expected('dispensed'),
      returned: expected('returned'),
    },
  };
}
