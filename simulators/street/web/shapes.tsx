// The shapes that go with each result and state, so that nothing is told by colour alone.
import type { ComponentChildren } from 'preact';
import type { Sign } from './signal.ts';

export function SignShape({ sign }: { readonly sign: Sign }) {
  return (
    <svg class="sign-shape" viewBox="0 0 96 96" aria-hidden="true">
      {shapes[sign]}
    </svg>
  );
}

const line = (path: string): ComponentChildren => <path class="sign-line" d={path} />;

const cross = line('M30 30L66 66M66 30L30 66');

const tick = line('M25 50l16 16 31-34');

const shapes: Readonly<Record<Sign, ComponentChildren>> = {
  ready: (
    <g class="sign-thin">
      <rect x="34" y="24" width="28" height="48" rx="5" />
      <path d="M20 40q-6 8 0 16M76 40q6 8 0 16" />
    </g>
  ),
  welcome: tick,
  already: tick,
  refused: cross,
  outOfService: line('M26 48h44'),
  staff: (
    <g class="sign-fill">
      <circle cx="48" cy="34" r="13" />
      <path d="M22 76c0-17 11-25 26-25s26 8 26 25z" />
    </g>
  ),
  wait: (
    <g class="sign-line sign-clock">
      <circle cx="48" cy="48" r="27" />
      <path d="M48 32v17l11 8" />
    </g>
  ),
  unclear: (
    <g>
      {line('M48 24v30')}
      <circle class="sign-fill" cx="48" cy="70" r="5" />
    </g>
  ),
  offline: (
    <g class="sign-thin">
      <circle cx="48" cy="48" r="27" stroke-dasharray="8 7" />
    </g>
  ),
};

export function SoundWaves({ on }: { readonly on: boolean }) {
  return (
    <svg class={on ? 'waves waves-on' : 'waves'} viewBox="0 0 64 40" aria-hidden="true">
      <path class="speaker" d="M6 15h8l10-9v28l-10-9H6z" />
      <path class="wave" d="M31 13q5 7 0 14" />
      <path class="wave" d="M39 9q8 11 0 22" />
      <path class="wave" d="M47 5q11 15 0 30" />
    </svg>
  );
}

export function StateMark({ good }: { readonly good: boolean | null }) {
  const shape = { true: 'M4 9l4 4 8-9', false: 'M5 5l10 10M15 5L5 15', null: 'M4 10h12' }[`${good}`];
  return (
    <svg class="mark" viewBox="0 0 20 20" aria-hidden="true">
      <path d={shape} />
    </svg>
  );
}
