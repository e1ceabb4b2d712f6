// A guide cabinet from its configuration: the lock board and its readers, what the site lends, and the keys of a
// screen that another process draws.
import { KerongCabinet } from '../../../devices/cabinet/kerong/kerong-cabinet.ts';
import type { Cabinet } from '../../../devices/ports/cabinet.ts';
import { readSitePeers } from '../../../sync/wire/site-peers.ts';
import type { CborMap } from '../../core/cbor.ts';
import { StileError } from '../../core/errors.ts';
import { Signal } from '../../core/event.ts';
import { type CabinetConfig, cabinetDefaults } from '../../machines/cabinet/config.ts';
import type { CabinetInput } from '../../machines/cabinet/input.ts';
import { minutesOf } from '../../rules/local-calendar.ts';
import { CabinetDesk } from '../../terminal/cabinet/cabinet-desk.ts';
import { ClosingTime } from '../../terminal/cabinet/closing-time.ts';
import type { CabinetNotice } from '../../terminal/cabinet/notices.ts';
import { type CabinetPeers, noPeers } from '../../terminal/cabinet/peers.ts';
import { recoverLedger, settledActsOf } from '../../terminal/cabinet/recovered-ledger.ts';
import type { ChildOrder } from '../child-channel.ts';
import type { CabinetTerminalConfig } from '../config/cabinet.ts';
import { cabinetOrder } from './cabinet-orders.ts';
import { cabinetCommands, cabinetMember, codeAddress, codeKeepaliveSeconds } from './cabinet-sync.ts';
import type { MachineContext, MachineParts } from './machine-parts.ts';
import { SiteNetwork } from './site-network.ts';

export function cabinetParts(config: CabinetTerminalConfig, context: MachineContext): MachineParts<CabinetInput> {
  const { site, products, items } = config;
  const place = { number: site.number, lane: site.place };
  const others = site.network === undefined ? null : new SiteNetwork(place, site.network);
  if (site.cabinets.length > 1 && others === null)
    context.logger.warn('other cabinets of the site are not asked: this one lends by its own mode', {
      count: site.cabinets.length - 1,
    });
  const options = {
    config: machineConfigOf(config),
    recovered: recoverLedger(context.journal, context.logger),
    cabinet: deviceOf(config, context),
    site: { place: site.place, cabinets: site.cabinets },
    products: new Map(products.map(({ product, guides, highValue }) => [product, { guides, highValue }])),
    items: new Map(items.map(({ serial, languages }) => [serial, { languages }])),
    closesAt: closingOf(config, context),
    peers: others === null ? noPeers : peersOf(others),
    staff: {
      terminal: context.identity.terminal,
      site: site.number,
      roles: ['cabinet', 'technician'] as const,
      presenceMs: config.staff.actWithinSeconds * 1_000,
    },
    settledActs: settledActsOf(context.recovered.tail),
  };
  const notices = new Signal<ChildOrder>();
  const { page } = config.lending;
  let opened: CabinetDesk | null = null;
  return {
    openDesk: (services) => {
      const desk = new CabinetDesk(options, services);
      opened = desk;
      desk.notices.on((notice) => {
        const said = plain(notice, page ?? null, context);
        if (said !== null) notices.emit(said);
      });
      return desk;
    },
    documents: others === null ? [] : ['rules'],
    checkRules: (body) => checkRules(config, body),
    connect: async (parts) =>
      opened && others ? others.connect(cabinetMember(opened), parts) : { stop: async () => {} },
    sync: () => (opened === null ? {} : { commands: cabinetCommands(opened) }),
    ...(page === undefined ? {} : { keepaliveSeconds: codeKeepaliveSeconds }),
    notices,
    inputOf: cabinetOrder,
  };
}

/** One order takes one guide: nobody of a group is still on the way. */
const peersOf = (others: SiteNetwork): CabinetPeers => ({
  ask: (claim) => others.ask(claim),
  settle: (outcome) => others.settle({ ...outcome, more: false }),
});

/** A cabinet reads of its site's rules who its neighbours are. */
function checkRules({ site }: CabinetTerminalConfig, body: CborMap): void {
  const peers = readSitePeers(body);
  const problem = peers.ok
    ? body.get('site') === site.number
      ? null
      : `are not of site ${site.number}`
    : peers.problem;
  if (problem === null) return;
  throw new StileError('DOCUMENT_REFUSED', `site rules ${problem}`, {
    remedy: 'Publish rules of this site that name its cabinets under "peers", or correct "site" in the configuration.',
  });
}

function machineConfigOf({ site, lending }: CabinetTerminalConfig): CabinetConfig {
  return {
    ...cabinetDefaults,
    site: site.number,
    hygiene: lending.hygiene,
    minLendBatteryPercent: lending.minBatteryPercent,
    presentTimeoutMs: lending.takeWithinMs,
    presentBeepMs: Math.floor(lending.takeWithinMs / 2),
    dupMode: lending.duplicates,
    claimTimeoutMs: site.claimTimeoutMs,
    ejectForeign: lending.ejectForeign,
    lendStopSeconds: lending.stopMinutes * 60,
  };
}

function deviceOf({ cabinet }: CabinetTerminalConfig, { clock, logger }: MachineContext): Cabinet {
  const { locks, tags, charge, board, slots } = cabinet;
  return new KerongCabinet({ id: 'cabinet', locks, tags, charge, board, slots, clock, log: logger });
}

function closingOf({ site, timeZone, serviceDayStart }: CabinetTerminalConfig, { calendar }: MachineContext) {
  if (site.closesAt === undefined) return null;
  const closing = new ClosingTime({
    timeZone,
    calendar,
    closesMinutes: minutesOf(site.closesAt) ?? 0,
    dayStartMinutes: minutesOf(serviceDayStart) ?? 0,
  });
  return (now: Parameters<ClosingTime['on']>[0]) => closing.on(now);
}

/** The channel carries JSON. Null for a code that no page could take. */
function plain(notice: CabinetNotice, page: string | null, { identity, now }: MachineContext): ChildOrder | null {
  if (notice.kind !== 'code') return { ...notice };
  if (page === null) return null;
  const { kind, expiresMonoMs } = notice;
  return { kind, address: codeAddress(page, identity, notice, now()), expiresMonoMs };
}
