// Rules of the bus validator.
import { always, type Guards } from './guard.ts';

export const guardsOfValidators: Guards = {
  'issuer-in-account': {
    rule: 'An account is (issuer, number): equal numbers of two issuers never meet.',
    without: 'accounts are known by their number alone',
    off: {
      verdict: (verdict) =>
        verdict.accepted ? { ...verdict, outcome: { ...verdict.outcome, issuer: 'any' } } : verdict,
    },
  },
  'digest-in-record': {
    rule: 'A record carries the digest of its code, so that the head end can find the same code elsewhere.',
    without: 'records carry none',
    off: { validator: { payload: ({ digest: _, ...payload }) => payload } },
  },
  presence: {
    rule: 'Reads of one account closer together than repeatMs are one presence, and one ride.',
    without: 'repeatMs = 0',
    off: { validator: { config: { repeatMs: 0 } } },
  },
  'owed-cue': {
    rule: 'A ride whose cue was never shown waits unsignalledSeconds for its rider.',
    without: 'unsignalledSeconds = 0',
    off: { validator: { config: { unsignalledSeconds: 0 } } },
  },
  'owed-cue-ends': {
    rule: 'After unsignalledSeconds a ride whose cue was never shown waits no longer.',
    without: 'it waits for ever',
    off: { validator: { config: { unsignalledSeconds: always } } },
  },
  'group-limit': {
    rule: 'No more riders of one account and stop visit than groupMax.',
    without: 'groupMax = 50',
    off: { validator: { config: { groupMax: 50 } } },
  },
  passback: {
    rule: 'A product without companions is not charged again within passbackSeconds.',
    without: 'passbackSeconds = 0',
    off: { validator: { config: { passbackSeconds: 0 } } },
  },
  'list-hard-age': {
    rule: 'On lists past their hard age nothing is sold.',
    without: 'lists have no hard age',
    off: { validator: { config: { listHardAgeSeconds: always, staleTapsMax: always, staleSpendMaxMinor: always } } },
  },
  'offline-limits': {
    rule: 'Offline, an account gets offlineTapsMax rides and offlineSpendMaxMinor.',
    without: 'no limits',
    off: { validator: { config: { offlineTapsMax: always, offlineSpendMaxMinor: always } } },
  },
  'refusal-rate': {
    rule: 'Refusals beyond badScansPerSecond are counted in one record a minute.',
    without: 'every refusal has a record',
    off: { validator: { config: { badScansPerSecond: 1_000_000 } } },
  },
  'cue-before-charge': {
    rule: 'Nobody is charged while lamp and sound cannot be given.',
    without: 'the lamp is taken to be good',
    off: { validator: { facts: (facts) => ({ ...facts, indicatorReady: true }) } },
  },
};
