// The machines of a museum in a tour's folder: each with its own journal, the raw bytes on the line of its motion board,
// and what the people at its far end did. A folder without machines.json is a tour of the bus alone.
import { existsSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { EvidenceProblem, readJson, readLines } from './evidence-files.ts';
import {
  digiconMotions,
  firmataMotions,
  type GateDirection,
  kerongMotions,
  type Motion,
  motionsOn,
} from './motions.ts';
import { count, hexOrNull, type JsonObject, list, microseconds, object, text } from './shape.ts';

const kinds = ['validator', 'gate-lane', 'cabinet'] as const;
export type MachineKind = (typeof kinds)[number];
const boards = ['firmata', 'digicon', 'kerong'] as const;
type BoardKind = (typeof boards)[number];

/** One line of machines.json; paths are relative to the folder. */
export interface MachineEntry {
  readonly terminal: string;
  readonly machine: MachineKind;
  readonly board: BoardKind;
  readonly journal: string;
  readonly trace: string;
  /** What people did at the simulated mechanics; null where there are none. */
  readonly acts: string | null;
  /** Outputs of a Firmata board that release a barrier. */
  readonly pins: ReadonlyMap<number, GateDirection>;
  /** Number set on a lock board. */
  readonly address: number;
}

/** Where another process could see the journal end at that moment. */
export interface RowSight {
  readonly epoch: number;
  readonly seq: number;
}

export interface TraceLine {
  readonly atUs: number;
  readonly bytes: Uint8Array;
  readonly journal: RowSight | null;
}

const passageOutcomes = ['passed', 'turnedBack', 'tailgated', 'stood'] as const;

/** A body at a barrier, seen from the barrier. */
export interface Passage {
  readonly atUs: number;
  readonly direction: GateDirection;
  readonly outcome: (typeof passageOutcomes)[number];
}

const slotEvents = ['opened', 'taken', 'returned', 'closed', 'jammed'] as const;

/** What happened at a slot, seen from the slot. */
export interface SlotAct {
  readonly atUs: number;
  readonly slot: number;
  readonly event: (typeof slotEvents)[number];
  /** Text of its tag. In the file, hexadecimal of that text in UTF-8. */
  readonly item: string | null;
}

export interface MachineEvidence {
  readonly trace: readonly TraceLine[];
  readonly motions: readonly Motion[];
  readonly passages: readonly Passage[];
  readonly slotActs: readonly SlotAct[];
}

export const machinesFile = 'machines.json';
const maxMachines = 100;

/** Null where the folder tells of the bus alone. */
export function readMachines(directory: string): readonly MachineEntry[] | null {
  if (!existsSync(join(directory, machinesFile))) return null;
  return readJson(directory, machinesFile, (value, where) => {
    const entries = list(value, where);
    if (entries.length > maxMachines) throw new EvidenceProblem(`${where}: more than ${maxMachines} machines`);
    return entries.map((entry, index) => machineEntry(object(entry, `${where}[${index}]`), `${where}[${index}]`));
  });
}

/** Files of the folder that belong to these machines. */
export const filesOfMachines = (machines: readonly MachineEntry[]): readonly string[] => [
  machinesFile,
  ...machines.flatMap(({ journal, trace, acts }) => [journal, trace, ...(acts === null ? [] : [acts])]),
];

/** @throws EvidenceProblem naming the file, line and field that cannot be read. */
export function readEvidence(directory: string, machine: MachineEntry): MachineEvidence {
  const trace = readLines(directory, machine.trace, traceLine);
  const acts = <T>(of: MachineKind, parse: (value: unknown, where: string) => T): readonly T[] =>
    machine.machine === of && machine.acts !== null ? readLines(directory, machine.acts, parse) : [];
  return {
    trace,
    motions: motionsOn(trace, listenerOf(machine)),
    passages: acts('gate-lane', passage),
    slotActs: acts('cabinet', slotAct),
  };
}

function listenerOf({ board, pins, address }: MachineEntry) {
  switch (board) {
    case 'firmata':
      return firmataMotions(pins);
    case 'digicon':
      return digiconMotions();
    case 'kerong':
      return kerongMotions(address);
    default:
      return board satisfies never;
  }
}

function machineEntry(entry: JsonObject, where: string): MachineEntry {
  const { acts, pins, address } = entry;
  return {
    terminal: text(entry['terminal'], `${where} terminal`),
    machine: oneOf(kinds, entry['machine'], `${where} machine`),
    board: oneOf(boards, entry['board'], `${where} board`),
    journal: inside(entry['journal'], `${where} journal`),
    trace: inside(entry['trace'], `${where} trace`),
    acts: acts === null || acts === undefined ? null : inside(acts, `${where} acts`),
    pins: pins === null || pins === undefined ? new Map() : pinsOf(object(pins, `${where} pins`), `${where} pins`),
    address: address === null || address === undefined ? 0 : count(address, `${where} address`),
  };
}

/** By names such as `unlockEntry` and `unlockExit`. */
function pinsOf(pins: JsonObject, where: string): ReadonlyMap<number, GateDirection> {
  return new Map(
    Object.entries(pins).map(([name, pin]) => {
      const [direction] = /(entry|exit)$/.exec(name.toLowerCase()) ?? [];
      return [count(pin, `${where}.${name}`), oneOf(['entry', 'exit'], direction, `${where}.${name}`)];
    }),
  );
}

/** A path that leaves the folder would have other files judged than those that the tour left. */
function inside(value: unknown, where: string): string {
  const path = normalize(text(value, where));
  if (path.startsWith('/') || path.split('/').includes('..')) throw new EvidenceProblem(`${where}: leaves the folder`);
  return path;
}

function oneOf<T extends string>(words: readonly T[], value: unknown, where: string): T {
  const found = words.find((word) => word === value);
  if (found === undefined) throw new EvidenceProblem(`${where}: none of ${words.join(', ')}`);
  return found;
}

function traceLine(value: unknown, where: string): TraceLine {
  const line = object(value, where);
  const hex = text(line['hex'], `${where} hex`);
  if (!/^([0-9a-f]{2})*$/.test(hex)) throw new EvidenceProblem(`${where} hex: not hexadecimal`);
  const sight = line['journal'] ?? null;
  return {
    atUs: microseconds(line['atUs'], `${where} atUs`),
    bytes: Buffer.from(hex, 'hex'),
    journal: sight === null ? null : rowSight(object(sight, `${where} journal`), where),
  };
}

const rowSight = (sight: JsonObject, where: string): RowSight => ({
  epoch: count(sight['epoch'], `${where} journal.epoch`),
  seq: count(sight['seq'], `${where} journal.seq`),
});

function passage(value: unknown, where: string): Passage {
  const line = object(value, where);
  return {
    atUs: microseconds(line['atUs'], `${where} atUs`),
    direction: oneOf(['entry', 'exit'], line['direction'], `${where} direction`),
    outcome: oneOf(passageOutcomes, line['outcome'], `${where} outcome`),
  };
}

function slotAct(value: unknown, where: string): SlotAct {
  const line = object(value, where);
  const item = hexOrNull(line['item'], `${where} item`);
  return {
    atUs: microseconds(line['atUs'], `${where} atUs`),
    slot: count(line['slot'], `${where} slot`),
    event: oneOf(slotEvents, line['event'], `${where} event`),
    item: item === null ? null : Buffer.from(item, 'hex').toString('utf8'),
  };
}
