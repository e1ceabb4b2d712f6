// Every English word on the street page stands here, so that a translation is one file.
import type { passages } from '../museum-world.ts';
import type { StreetAction } from '../world.ts';
import type { Choice } from './choice.ts';
import type { Sign } from './signal.ts';

export const page = {
  title: 'A bus, a museum gate and two guide cabinets',
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

export const areas = {
  label: 'Parts of the page',
  phone: 'Phone',
  bus: 'Bus',
  gate: 'Museum gate',
  cabinets: 'Guide cabinets',
  records: 'Journals',
} as const;

export const validator = {
  name: 'Validator',
  drawn: 'by its pins',
  lastResult: 'Last result',
  noResult: 'None yet',
  lamps: 'Lamps',
  lamp: { green: 'Green', white: 'White', amber: 'Amber', red: 'Red' },
} as const;

export const glass = {
  reader: 'Reader',
  unplugged: 'Reader unplugged',
  hint: (what: string): string => `show: ${what}`,
  show: (what: string, terminal: string, plugged: boolean): string =>
    `Show ${what} to the reader of ${terminal}${plugged ? '' : ', which is unplugged'}`,
} as const;

export const phone = {
  name: 'Phone',
  choose: 'On its screen',
  account: (account: string): string => `Account ${account}`,
  denied: 'Account denied',
  show: (what: string, terminal: string): string =>
    `Show ${what} to the reader of ${terminal}. Or drag the phone onto any reader.`,
  hint: 'Tap or drag',
  tapMeans: (terminal: string): string => `Tap: ${terminal}`,
  cameraHint: 'Tap, or drag onto one',
  next: (seconds: number): string => (seconds === 1 ? 'New code in 1 second' : `New code in ${seconds} seconds`),
  tooLong: 'This code is too long to draw',
  noCode: 'No code on the screen',
  another: 'Another of this kind',
} as const;

/** What the phone can show. */
export const offers: Readonly<Record<Choice, ActWords>> = {
  ride: { label: 'Ride code', hint: 'Rotates; for the bus.' },
  ticket: { label: 'Ticket now', hint: 'One person, slot runs' },
  early: { label: 'Too early', hint: 'Slot begins in an hour' },
  group: { label: 'Group of 3', hint: 'Three on one code' },
  loanCode: { label: 'Loan code', hint: 'Borrows a guide' },
  paper: { label: 'Paper', hint: 'Printed, guide included' },
  badge: { label: 'Staff badge', hint: 'Manual, ends a fire' },
  camera: { label: 'Camera', hint: 'Scans a cabinet' },
};

export const museum = {
  capacity: (people: number): string => `holds ${people} people`,
  carried: (items: readonly string[]): string =>
    items.length === 0 ? 'nobody carries a guide' : `carried: ${items.join(', ')}`,
  fireOn: 'Open the fire contact at both lanes',
  fireOff: 'Close the fire contact again; staff end the fire with a badge',
  fireOnShort: 'Fire contact: open it',
  fireOffShort: 'Fire contact: close it',
} as const;

export const lane = {
  name: (id: string): string => `Lane ${id.replace('lane-', '')}`,
  kinds: { relay: 'relay board', digicon: 'Digicon turnstile' },
  phases: { locked: 'Locked', released: 'Open for one', relocking: 'Closing', free: 'Free for everybody' },
  picture: (id: string, phase: string, open: number, people: number): string =>
    `${id}: ${phase}, barrier ${open === 0 ? 'shut' : open === 1 ? 'open' : 'moving'}, ${people === 1 ? '1 person' : `${people} people`} in it`,
  inside: 'inside',
  fire: 'fire',
  people: (id: string): string => `People at ${id}`,
  does: {
    walk: { label: 'Pass', hint: (id) => `Somebody waits at ${id} until it opens, and goes in` },
    turnBack: { label: 'Turn back', hint: (id) => `Somebody steps into ${id} and turns back` },
    tailgate: { label: 'Tailgate', hint: (id) => `Two go through ${id} on one release` },
    stand: { label: 'Stand still', hint: (id) => `Somebody stands in ${id} for a while` },
    push: { label: 'Push in', hint: (id) => `Somebody pushes in through ${id} without a code` },
    leave: { label: 'Leave', hint: (id) => `Somebody goes out through ${id}` },
  } satisfies Record<(typeof passages)[number], { label: string; hint: (id: string) => string }>,
} as const;

export const cabinet = {
  name: (id: string): string => `Cabinet ${id.replace('cabinet-', '')}`,
  noCode: 'No code',
  idle: 'Scan, or show a code',
  dark: 'Dark',
  slot: (slot: number): string => `slot ${slot}`,
  returnKey: 'Return key',
  returnHint: (id: string): string => `Press the key for returns at ${id}`,
  phoneKey: 'Scan its code',
  phoneHint: (id: string): string => `A phone scans the code on the screen of ${id} and borrows a guide`,
  prompts: {
    wait: 'One moment',
    takeGuide: 'Take the guide',
    closeDoor: 'Close the door',
    openAgain: 'Closed again',
    retrying: 'Trying again',
    tryingNext: 'Trying another',
    compensated: 'Sorry, nothing is charged',
    notTaken: 'Not taken, nothing is charged',
    taken: 'Enjoy your visit',
    returnHere: 'Put the guide in',
    returnStarted: 'Push until it locks',
    returned: 'Returned, thank you',
    turnRound: 'Turn it round',
    cabinetFull: 'Full here',
    allFull: 'Full here',
  } as Readonly<Record<string, string>>,
} as const;

export const slots = {
  name: (id: string): string => `Slots of ${id}`,
  state: (slot: number, open: boolean, item: string | null, jammed: boolean): string =>
    `Slot ${slot}, door ${open ? 'open' : 'shut'}, ${item ? `guide ${item} inside` : 'empty'}${jammed ? ', latch jams' : ''}.`,
  takeIt: 'Take the guide.',
  putIt: 'Put a carried guide in.',
  jamIt: 'Jam its latch.',
  unjamIt: 'Free its latch.',
  jam: 'jam',
} as const;

export const faults = {
  group: (id: string): string => `What can be broken at ${id}`,
  names: { terminal: 'Power', network: 'Net', reader: 'Reader', board: 'Board' },
  break: {
    terminal: 'Kill the terminal process',
    network: 'Cut the network',
    reader: 'Unplug the reader',
    board: 'Mute the line to the board that moves things',
  },
  mend: {
    terminal: 'Start the terminal process again',
    network: 'Restore the network',
    reader: 'Plug the reader in',
    board: 'Bring the board up again',
  },
} as const;

/** What the lamps of a museum machine say. */
export const machineSigns: Readonly<Record<Sign | 'asleep', string>> = {
  ready: 'Ready',
  welcome: 'Please go on',
  already: 'Already accepted',
  refused: 'Not accepted',
  outOfService: 'Out of service',
  staff: 'See staff',
  asleep: 'Dark',
  wait: 'Please wait',
  unclear: 'Lamps disagree',
  offline: 'No lamps',
};

export const says = {
  terminal: 'Terminal says:',
  nothing: 'nothing yet',
  alarm: (why: string): string => `calls staff: ${why}`,
  process: { dead: 'Terminal is dead', starting: 'Terminal is starting' },
  cues: {
    success: 'accepted',
    accepted: 'accepted',
    refused: 'refused',
    wait: 'please wait',
    staff: 'see staff',
  } as Readonly<Record<string, string>>,
} as const;

export const headEnd = { name: 'Head end', running: 'Running', stopped: 'Stopped, rows wait' } as const;

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

export const answers = {
  label: 'What happened',
  idle: 'Try it: every button does the real thing to a real process.',
  shown: 'Code shown to the reader.',
  missed: 'Not over a reader: nothing was shown.',
  nothingToScan: 'The camera scans the code of a cabinet; there is none here.',
  unreachable: 'The street did not answer.',
} as const;

export const records = {
  shown: 'Show',
  allMachines: 'all machines',
  journal: 'Journals',
  journalHint: 'Durable before anything turns green or moves.',
  ledger: 'Head-end ledger',
  ledgerHint: 'Each row once, then verified again.',
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
  admit: 'Admission',
  admission: 'Admission',
  exit: 'Exit',
  passage: 'Passage',
  dispense: 'Loan',
  order: 'Loan',
  return: 'Return',
  slot: 'Slot',
  incident: 'Incident',
  fireReset: 'Fire contact closed',
  fireCleared: 'Fire over',
  claim: 'Claim of a ticket',
  fault: 'Device fault',
  settle: 'Claim settled',
  rules: 'Site rules',
  lease: 'Lease of places',
  badge: 'Staff badge',
  staff: 'Staff',
};

/** What a row of a motion is for. */
export const rowTypes = { intent: 'intent', outcome: 'outcome' } as const;

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
  DEVICE_FAULT: 'device does not work',
  NOT_YET_VALID: 'before its slot',
  EXPIRED: 'after its slot',
  ALREADY_USED: 'already used',
  WRONG_GATE: 'another lane',
  WRONG_SITE: 'another site',
  WRONG_PRODUCT: 'not sold here',
  SITE_FULL: 'museum full',
  NO_STOCK: 'no guide left',
  REENTRY_NEEDS_EXIT: 'was let in before',
  BADGE_REQUIRED: 'badge first',
  passed: 'passed',
  not_passed: 'nobody passed',
  taken: 'taken',
  not_taken: 'not taken',
  failed: 'did not move',
  in_doubt: 'in doubt',
};
