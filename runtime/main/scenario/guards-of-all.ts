// Rules that hold at every machine: codes, clocks, lists, storage, and what is durable.
import { always, type Guards } from './guard.ts';

export const guardsOfAll: Guards = {
  'durable-first': {
    rule: 'Nothing is shown and nothing moves before the commit that records it.',
    without: 'the journal answers before it is durable',
    off: { answersEarly: true },
  },
  'trust-list': {
    rule: 'Only issuers of the signed trust list are known.',
    without: 'every issuer is on the list',
    off: { everybodyTrusted: true },
  },
  'deny-list': {
    rule: 'Who is on the signed deny list is refused, online or offline.',
    without: 'the list is empty',
    off: { nobodyDenied: true },
  },
  'replay-ring': {
    rule: 'A code that was accepted here is not accepted again.',
    without: 'the ring forgets every code',
    off: { ringForgets: true },
  },
  'presentation-age': {
    rule: 'A code is good for as long as its credential says after the phone made it.',
    without: 'codes do not age',
    off: { codesNeverAge: true },
  },
  'untrusted-clock': {
    rule: 'A clock that nobody vouches for proves nothing but its floor.',
    without: 'the clock is believed',
    off: { clockBelieved: true },
  },
  'monotonic-time': {
    rule: 'Durations are measured on a clock that cannot be set.',
    without: 'durations are measured on the wall clock',
    off: { monotonicFollowsWall: true },
  },
  'stale-list-limits': {
    rule: 'On lists past their soft age less is risked: few rides of an account, no valuable or younger ticket.',
    without: 'lists have no soft age',
    off: {
      validator: { config: { listSoftAgeSeconds: always } },
      gateLane: { config: { listSoftAgeSeconds: always } },
    },
  },
  'storage-reserve': {
    rule: 'The last part of the storage is kept for passes and for what ends something.',
    without: 'the level of the storage is not heard of',
    off: {
      validator: { facts: (facts) => ({ ...facts, storage: 'normal' }) },
      cabinet: { facts: (facts) => ({ ...facts, storage: 'normal' }) },
    },
  },
  'sensors-resolve': {
    rule: 'What became of a motion that a power cut met is read from the sensors.',
    without: 'nothing is read after a start',
    off: { sensorsNotRead: true },
  },
};
