// When the board's pins make an accept cue: green and tone together, however the bytes were cut.
import { describe, expect, it } from 'vitest';
import { acceptCues } from '../../../runtime/main/checker/cues.ts';

type Change = readonly [rising: readonly string[], falling: readonly string[]];

const linesOf = (changes: readonly Change[]): readonly number[] =>
  acceptCues(changes.map(([rising, falling], index) => ({ atUs: index, rising, falling, journal: null }))).map(
    (cue) => cue.line,
  );

describe('acceptCues', () => {
  const table: readonly (readonly [name: string, changes: readonly Change[], cues: readonly number[]])[] = [
    ['green and tone in one chunk', [[['green', 'buzzer'], []]], [0]],
    [
      'green, then the tone',
      [
        [['green'], []],
        [['buzzer'], []],
      ],
      [1],
    ],
    [
      'the tone, then green',
      [
        [['buzzer'], []],
        [['green'], []],
      ],
      [1],
    ],
    [
      'a tone so short that it rose and fell in one chunk',
      [
        [['green'], []],
        [['buzzer'], ['buzzer']],
      ],
      [1],
    ],
    [
      'green that rose and fell with its tone in one chunk',
      [
        [
          ['green', 'buzzer'],
          ['green', 'buzzer'],
        ],
      ],
      [0],
    ],
    [
      'two tones under one green',
      [
        [['green', 'buzzer'], []],
        [[], ['buzzer']],
        [['buzzer'], []],
      ],
      [0, 2],
    ],
    [
      'green without a tone',
      [
        [['green'], []],
        [[], ['green']],
      ],
      [],
    ],
    [
      'a tone without green',
      [
        [['red', 'buzzer'], []],
        [[], ['buzzer']],
        [['buzzer'], []],
      ],
      [],
    ],
    [
      'the tone of a refusal ends as green rises',
      [
        [['red', 'buzzer'], []],
        [['green'], ['red', 'buzzer']],
      ],
      [],
    ],
    [
      'green ends as the tone of a refusal begins',
      [
        [['green'], []],
        [['red', 'buzzer'], ['green']],
      ],
      [],
    ],
    [
      'green, dark, then a tone',
      [
        [['green'], []],
        [[], ['green']],
        [['buzzer'], []],
      ],
      [],
    ],
    [
      'another lamp changing under both',
      [
        [['green', 'buzzer'], []],
        [['white'], []],
      ],
      [0],
    ],
    ['no bytes', [], []],
  ];

  it.each(table)('%s', (_name, changes, cues) => {
    expect(linesOf(changes)).toEqual(cues);
  });

  const beginnings: readonly (readonly [name: string, changes: readonly Change[], begun: readonly number[]])[] = [
    [
      'at its green, where the tone comes later',
      [
        [['green'], []],
        [[], ['red']],
        [['buzzer'], []],
      ],
      [0],
    ],
    [
      'at the tone, under a green that has sounded',
      [
        [['green', 'buzzer'], []],
        [[], ['buzzer']],
        [['buzzer'], []],
      ],
      [0, 2],
    ],
    [
      'at the newest green',
      [
        [['green'], []],
        [[], ['green']],
        [['green'], []],
        [['buzzer'], []],
      ],
      [2],
    ],
    [
      'at green, where the tone was there first',
      [
        [['buzzer'], []],
        [['green'], []],
      ],
      [1],
    ],
  ];

  it.each(beginnings)('begin %s', (_name, changes, begun) => {
    const board = changes.map(([rising, falling], index) => ({ atUs: index, rising, falling, journal: null }));

    expect(acceptCues(board).map((cue) => cue.begunAt.line)).toEqual(begun);
  });
});
