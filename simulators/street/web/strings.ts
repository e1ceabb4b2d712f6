// Every English word on the street page stands here, so that a translation is one file.
import type { StreetAction } from '../world.ts';
import type { Sign } from './signal.ts';

export const page = {
  title: 'One bus ride, end to end',
  lead: 'Tap the phone, or drag it onto the reader. Green means the ride is already stored.',
  connecting: 'Connecting to the street …',
  lost: 'The street is not running.',
  lostHint:
    'What you see is the last state this page heard. It reconnects by itself; start the street again with npm start.',
} as const;

export const signs: Readonly<Record<Sign | 'asleep', { readonly title: string; readonly hint: string }>> = {
  ready: { title: 'Ready', hint: 'no light: hold a code on the reader' },
  welcome: { title: 'Welcome', hint: 'green light, tick' },
  already: { title: 'Already accepted', hint: 'green light, no sound' },
  refused: { title: 'Not accepted', hint: 'red light, cross' },
  outOfService: { title: 'Out of service', hint: 'steady red light' },
  staff: { title: 'See the driver', hint: 'light for the driver' },
  asleep: { title: 'Dark', hint: 'no light: the terminal is not running' },
  wait: { title: 'Please wait', hint: 'white light, clock' },
  unclear: { title: 'Lamps disagree', hint: 'more than one light is lit' },
  offline: { title: 'No lamp board', hint: 'the board is not connected' },
};

export const sound = {
  none: 'Silent',
  tones: (count: number): string => (count === 1 ? '1 tone' : `${count} tones`),
} as const;

export const validator = {
  name: 'Bus validator',
  drawn: 'drawn from the pins of its board',
  reader: 'Reader',
  readerUnplugged: 'Reader unplugged',
  lastResult: 'Last result',
  noResult: 'None yet',
  lamps: 'Lamps',
  lamp: { green: 'Green', white: 'White', amber: 'Amber', red: 'Red' },
} as const;

export const phone = {
  name: 'Phone',
  app: 'Ride code',
  account: (account: string): string => `Account ${account}`,
  denied: 'Account denied',
  show: 'Show this code to the reader. Or drag the phone onto the reader.',
  hint: 'Tap or drag',
  next: (seconds: number): string => (seconds === 1 ? 'New code in 1 second' : `New code in ${seconds} seconds`),
  tooLong: 'This code is too long to draw',
  noCode: 'No code on the screen',
} as const;

export interface ActWords {
  readonly label: string;
  readonly hint: string;
}

export const acts: Readonly<Record<StreetAction, ActWords>> = {
  ride: { label: 'Ride', hint: 'A fresh code, shown once.' },
  hold: { label: 'Hold on the glass', hint: 'Codes rotate, one fare.' },
  stale: { label: 'Old code', hint: 'Genuine, but too old.' },
  forge: { label: 'Forged code', hint: 'The signature is wrong.' },
  foreign: { label: 'Foreign issuer', hint: 'Signed by a stranger.' },
  deny: { label: 'Deny account', hint: 'Signed list, sent by the head end.' },
  pardon: { label: 'Pardon account', hint: 'Takes the account off the list.' },
  'cut-network': { label: 'Cut', hint: 'Cut the network between bus and head end.' },
  'restore-network': { label: 'Restore', hint: 'Restore the network; what waits is sent.' },
  'kill-terminal': { label: 'Kill', hint: 'Kill the terminal process at once, as a power cut would.' },
  'restart-terminal': { label: 'Restart', hint: 'Start the terminal process again.' },
  'unplug-reader': { label: 'Unplug', hint: 'Pull the code reader from its line.' },
  'plug-reader': { label: 'Plug in', hint: 'Put the code reader back on its line.' },
  'stop-headend': { label: 'Stop', hint: 'Stop the head end; rides go on and wait.' },
  'start-headend': { label: 'Start', hint: 'Start the head end again.' },
};

export const groups = { passenger: 'Passenger', cheat: 'Bad codes', account: 'Operator' } as const;

export const answers = {
  label: 'What happened',
  idle: 'Try it: every button does the real thing to a real process.',
  shown: 'Code shown to the reader.',
  missed: 'Not over the reader: nothing was shown.',
  unreachable: 'The street did not answer.',
} as const;

export const strip = {
  label: 'State of the street',
  terminal: 'Terminal',
  network: 'Network',
  headEnd: 'Head end',
  reader: 'Code reader',
  running: (pid: number | null): string => (pid === null ? 'Running' : `Running, process ${pid}`),
  starting: 'Starting',
  dead: 'Dead',
  up: 'Up',
  cut: 'Cut, rides wait',
  headEndRunning: 'Running',
  headEndStopped: 'Stopped, rides wait',
  plugged: 'Plugged in',
  unplugged: 'Unplugged',
} as const;

export const records = {
  journal: 'Journal on the bus',
  journalHint: 'Durable before the lamp turns green.',
  ledger: 'Head-end ledger',
  ledgerHint: 'Each ride once, then verified again.',
  emptyJournal: 'Nothing yet. Take a ride.',
  emptyLedger: 'Nothing has arrived yet.',
  waiting: 'waiting',
  rowWaiting: 'waiting to be sent',
  verdict: 'second pass',
  reference: 'reference',
  ridesInJournal: (count: number): string => (count === 1 ? 'ride in the journal' : 'rides in the journal'),
  ridesInLedger: 'at the head end',
} as const;

/** Words for what a row says happened; an act without an entry shows its own name. */
export const happened: Readonly<Record<string, string>> = {
  ride: 'Ride',
  decline: 'Refused',
  declines: 'Refused, many',
  repeat: 'Shown again',
  trip: 'Trip opened',
  boot: 'Started',
  genesis: 'Journal opened',
  deny: 'Deny list',
  fares: 'Fare table',
  trust: 'Trust list',
  step: 'Clock stepped',
  sync: 'Clock set',
  checkpoint: 'Checkpoint signed',
  receipt: 'Receipt kept',
  storage: 'Storage nearly full',
};

/** What the head end's second pass said of a row's evidence; a verdict without an entry shows its own words. */
export const verdicts: Readonly<Record<string, string>> = {
  good: 'verified',
  none: 'no code in it',
  checking: 'pending',
};

/** Words for reasons a person here can cause; others show their code. */
export const reasons: Readonly<Record<string, string>> = {
  REPEAT: 'same ride, no fare',
  STALE_CODE: 'code too old',
  REPLAYED: 'code already used',
  BAD_SIGNATURE: 'signature wrong',
  UNKNOWN_ISSUER: 'issuer not known',
  UNKNOWN_KEY: 'key not known',
  MALFORMED: 'not a code',
  UNSUPPORTED_FORMAT: 'format not taken',
  DENIED: 'account denied',
  PASSBACK: 'shown again too soon',
  GROUP_LIMIT: 'one rider only',
  OFFLINE_LIMIT: 'offline too long',
  LISTS_TOO_OLD: 'lists too old',
  CREDENTIAL_EXPIRED: 'credential expired',
  CLOCK_UNTRUSTED: 'clock not trusted',
  STORAGE_FULL: 'storage full',
  OUT_OF_SERVICE: 'out of service',
  DEVICE_FAULT: 'lamp board missing',
};
