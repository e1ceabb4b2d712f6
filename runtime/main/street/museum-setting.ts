// What the museum of the street is made of before anything runs: its site, its rules, its stock, and the configuration of
// each gate lane and cabinet. Written by the same hands as the bus's, into the same folder.
import { join } from 'node:path';
import type { Issuer } from '../../../simulators/issuer/issuer.ts';
import type { OperatorKeys } from '../../../simulators/issuer/root.ts';
import type { TicketShop } from '../../../simulators/issuer/ticket-shop.ts';
import { terminalId } from '../../core/brand.ts';
import { hex } from '../../core/bytes.ts';
import { systemEntropy } from '../../core/entropy.ts';
import { createIdentity } from '../../provisioning/identity.ts';
import { streetNames } from './names.ts';
import { writeJson, writeSecret } from './setting-files.ts';

export const laneIds = ['lane-1', 'lane-2'] as const;
export const cabinetIds = ['cabinet-1', 'cabinet-2'] as const;
export type LaneId = (typeof laneIds)[number];
export type CabinetId = (typeof cabinetIds)[number];
export type MuseumId = LaneId | CabinetId;
export const museumIds = [...laneIds, ...cabinetIds] as const;

export const museum = {
  site: 9,
  zone: 'main',
  issuer: 'museum1',
  shop: 'museum-shop',
  /** Lane 1 drives relays of its lamp board, lane 2 a turnstile on a serial line. */
  kinds: { 'lane-1': 'relay', 'lane-2': 'digicon' },
  places: { 'cabinet-1': 'hall-a', 'cabinet-2': 'hall-b' },
  /** Products of the site: one person, and a group on one code. */
  single: 1,
  group: 2,
  /** What the shop calls a ticket that includes a guide, and what the site calls it. */
  guideItem: 5,
  guideProduct: 3,
  /** People the museum holds. */
  capacity: 8,
  slots: 12,
  stock: {
    'cabinet-1': ['A-1', 'A-2', 'A-3', 'A-4', 'A-5', 'A-6', 'A-7', 'A-8', 'A-9', 'A-10'],
    'cabinet-2': ['B-1', 'B-2', 'B-3', 'B-4'],
  },
  /** As the barrier's controller is set. */
  controllerWaitMs: 4_000,
  /** Several times what the wings take: one machine moves them all. */
  motionMs: 2_000,
  /** Which way and sensor of the turnstile are the entry. */
  turnstileEntry: { release: 'leftToRight', passage: 'B' },
} as const;

/** A lease is small, so that the other lane finds places too. */
const lease = { places: 3, lifeSeconds: 120, guardSeconds: 10 };
const claimTimeoutMs = 2_000;
const pulseMs = 100;
const takeWithinMs = 15_000;
const timeZone = 'Europe/Berlin';

/** Paths of the lines that a machine opens, by device. */
export type LinePaths = Readonly<Record<string, string>>;

export interface MachinePlace {
  readonly lines: LinePaths;
  /** Where it finds the head end's broker. */
  readonly brokerPort: number;
}

export interface MuseumPlaces {
  readonly machines: Readonly<Record<MuseumId, MachinePlace>>;
  /** The site's own broker. */
  readonly siteBrokerPort: number;
  /** Of the page that a phone borrows at. */
  readonly pagePort: number;
}

export interface MuseumSetting {
  readonly issuer: Issuer;
  readonly shop: TicketShop;
  readonly configs: Readonly<Record<MuseumId, string>>;
  readonly data: Readonly<Record<MuseumId, string>>;
  /** What the head end is told of the museum. */
  readonly headEnd: object;
  readonly terminals: readonly { readonly id: string; readonly journalKey: string }[];
}

export interface MuseumSettingOptions {
  readonly folder: string;
  readonly files: string;
  readonly keys: OperatorKeys;
  readonly issuer: Issuer;
  readonly shop: TicketShop;
  readonly places: MuseumPlaces;
}

export function prepareMuseum({ folder, files, keys, issuer, shop, places }: MuseumSettingOptions): MuseumSetting {
  writeSecret(join(files, 'site.key'), `${hex(systemEntropy.bytes(32))}\n`);
  const terminals = museumIds.map((id) => {
    const identity = createIdentity(join(files, `${id}.identity.json`), {
      operator: streetNames.operator,
      terminal: terminalId(id),
      roots: keys.rootSet,
    });
    return { id, journalKey: hex(identity.journalKey.publicKey) };
  });
  writeJson(join(files, 'rules.json'), rulesOf(terminals));
  const data = eachMachine((id) => join(folder, id));
  const network = { brokers: [`mqtt://127.0.0.1:${places.siteBrokerPort}`], keyFile: 'site.key' };
  const configs = eachMachine((id) => {
    const { lines, brokerPort } = places.machines[id];
    const shared = {
      identityFile: `${id}.identity.json`,
      dataFolder: data[id],
      timeZone,
      scanner: { path: lines['scanner'] },
      indicator: { path: lines['board'] },
      brokers: [`mqtt://127.0.0.1:${brokerPort}`],
    };
    const own = isLane(id) ? laneConfig(id, lines, network) : cabinetConfig(id, lines, network, places.pagePort);
    return writeJson(join(files, `${id}.json`), { ...shared, ...own });
  });
  return { issuer, shop, configs, data, terminals, headEnd: headEndPart(places.pagePort) };
}

export const isLane = (id: MuseumId): id is LaneId => (laneIds as readonly string[]).includes(id);

const eachMachine = <T>(of: (id: MuseumId) => T): Readonly<Record<MuseumId, T>> =>
  Object.fromEntries(museumIds.map((id) => [id, of(id)])) as Record<MuseumId, T>;

const headEndPart = (pagePort: number): object => ({
  rulesFile: 'rules.json',
  zones: [{ site: String(museum.site), zone: museum.zone, capacity: museum.capacity, lanes: laneIds, ...lease }],
  loans: {
    currency: 'EUR',
    periodMinutes: 30,
    periodMinor: 200,
    dailyMaxMinor: 1_000,
    lostMinor: 15_000,
    page: { port: pagePort },
    deposit: { provider: 'simulated', amountMinor: 15_000 },
  },
});

function laneConfig(id: LaneId, lines: LinePaths, network: object): object {
  const times = {
    controllerWaitMs: museum.controllerWaitMs,
    passTimeoutMs: museum.controllerWaitMs + 3_000,
    motionMs: museum.motionMs,
  };
  return {
    machine: 'gate-lane',
    gate:
      museum.kinds[id] === 'relay'
        ? { kind: 'relay', ...times, openPulseMs: pulseMs }
        : { kind: 'digicon', ...times, path: lines['gate'], entry: museum.turnstileEntry },
    site: { number: museum.site, zone: museum.zone, lane: id, capacity: 'leases', claimTimeoutMs, network },
  };
}

function cabinetConfig(id: CabinetId, lines: LinePaths, network: object, pagePort: number): object {
  const { guideItem: item, guideProduct: product, site: number, slots } = museum;
  const line = (device: string) => ({ path: lines[device] });
  return {
    machine: 'cabinet',
    formats: { pretix: { items: [{ item, product, site: number }] } },
    cabinet: { locks: line('locks'), tags: line('tags'), charge: line('charge'), slots },
    site: { number, place: museum.places[id], cabinets: Object.values(museum.places), claimTimeoutMs, network },
    products: [{ product }],
    items: Object.values(museum.stock).flatMap((serials) =>
      serials.map((serial) => ({ serial, languages: ['en', 'zh'] })),
    ),
    lending: { takeWithinMs, page: `http://127.0.0.1:${pagePort}/borrow` },
  };
}

const productRule = (id: number, people: 'one' | 'group'): object => ({
  id,
  people,
  entries: null,
  reentry: 'free',
  minimumGap: 0,
  graceBefore: 0,
  graceAfter: 0,
  endInclusive: false,
  proofRequired: false,
  identityRequired: false,
  highValue: false,
  gates: null,
  checks: [],
});

/** Every machine of the site is named with the key it signs by. */
function rulesOf(terminals: MuseumSetting['terminals']): object {
  return {
    version: 1,
    site: museum.site,
    timeZone,
    gates: laneIds.map((id) => ({ id, group: 0 })),
    conditions: {},
    products: [productRule(museum.single, 'one'), productRule(museum.group, 'group')],
    peers: terminals.map(({ id, journalKey }) => ({ lane: placeOf(id), terminal: id, key: journalKey })),
  };
}

const placeOf = (id: string): string => (museum.places as Readonly<Record<string, string>>)[id] ?? id;
