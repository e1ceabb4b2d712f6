// A gate lane from above, as its mechanics stand: the wings where they are, and the people where they walk.
import type { LaneSnapshot } from '../museum-world.ts';
import { lane as words } from './strings.ts';

const width = 196;
const height = 112;
const doorLine = 60;
const middle = width / 2;
const post = { left: 44, right: 152 } as const;
const wingLength = 52;
const farEdge = 12;
const nearEdge = height - 12;

export function LanePicture({ lane }: { readonly lane: LaneSnapshot }) {
  const { barrier, people, kind, id } = lane;
  const open = barrier.wings.left;
  return (
    <svg
      class={`lane-picture lane-${barrier.phase}`}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={words.picture(id, words.phases[barrier.phase], open, people.length)}
      data-wing={open.toFixed(2)}
      data-phase={barrier.phase}
    >
      <rect class="lane-inside" x="0" y="0" width={width} height={doorLine} />
      <path class="lane-way" d={`M${middle} ${nearEdge}v-22m-8 8l8-8 8 8`} />
      <rect class="lane-post" x="0" y={doorLine - 20} width={post.left} height="40" rx="6" />
      <rect class="lane-post" x={post.right} y={doorLine - 20} width={width - post.right} height="40" rx="6" />
      {kind === 'relay' ? <Wings open={open} /> : <Arm open={open} />}
      {people.map(({ id: person, direction, position }) => (
        <g key={person} class="person" transform={`translate(${middle} ${personAt(direction, position)})`}>
          <ellipse class="person-body" rx="15" ry="9" />
          <circle class="person-head" r="7" />
        </g>
      ))}
      <text class="lane-word" x="6" y="15">
        {words.inside}
      </text>
      <text class="lane-word" x="6" y={height - 7}>
        {words.phases[barrier.phase]}
      </text>
      {barrier.fire && (
        <text class="lane-fire" x={width - 6} y="15">
          {words.fire}
        </text>
      )}
    </svg>
  );
}

/** Two wings that swing inwards. */
function Wings({ open }: { readonly open: number }) {
  return (
    <g class="wings">
      <Bar x={post.left} length={wingLength} degrees={-82 * open} />
      <Bar x={post.right} length={-wingLength} degrees={82 * open} />
    </g>
  );
}

/** One arm of a turnstile, across the way or along it. */
function Arm({ open }: { readonly open: number }) {
  return (
    <g class="wings">
      <Bar x={post.right} length={-2 * wingLength} degrees={84 * open} />
      <circle class="lane-hub" cx={post.right} cy={doorLine} r="8" />
    </g>
  );
}

function Bar({ x, length, degrees }: { readonly x: number; readonly length: number; readonly degrees: number }) {
  return (
    <g class="wing" style={{ transform: `translate(${x}px, ${doorLine}px) rotate(${degrees.toFixed(1)}deg)` }}>
      <path d={`M0 0h${length}`} />
    </g>
  );
}

const personAt = (direction: 'entry' | 'exit', position: number): number =>
  direction === 'entry' ? nearEdge - (nearEdge - farEdge) * position : farEdge + (nearEdge - farEdge) * position;
