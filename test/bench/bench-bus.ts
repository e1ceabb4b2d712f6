// The validator whose decisions are timed: the built terminal with its real journal, writer thread and
// lists. Scanner and indicator stand at their ports, so that a sample begins with a whole code and ends
// where the first byte of the cue would be handed to the line.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { DeviceHealth } from '../../devices/ports/device.ts';
import type { Cue } from '../../devices/ports/indicator.ts';
import type { Scan } from '../../devices/ports/scanner.ts';
import type { UnixSeconds } from '../../runtime/core/brand.ts';
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { FareTable } from '../../runtime/fares/fare-table.ts';
import type { ValidatorInput } from '../../runtime/machines/validator/input.ts';
import type { Payload } from '../../runtime/records/payload.ts';
import type { Terminal } from '../../runtime/terminal/terminal.ts';
import type { Wallet } from '../../simulators/wallet/wallet.ts';
import { loadProduct, type Product } from './product.ts';
import { type HolderCurve, makeRiders } from './riders.ts';

const line = '12';
/** Entries of the deny list that every credential is tested against. */
const denyEntries = 1_000;
/** Riders of one account and stop visit: a wallet that comes back within minutes must not be refused. */
const groupMax = 1_000_000;

export interface BenchBus {
  /** A new account whose phone signs with a key of `curve`. */
  wallet(curve: HolderCurve): Wallet;
  /** The next code of a wallet, as the bytes of a frame. */
  codeOf(wallet: Wallet): Bytes;
  /**
   * Presents a code; resolves with when the cue was handed over (`performance.now`): the terminal goes on with what
   * nobody waits for before whoever awaits this can. @throws for any cue but `accepted`.
   */
  scan(code: Bytes): Promise<number>;
  close(): Promise<void>;
}

/** Starts a validator with its files in `folder`, its lists taken and its trip open. */
export async function openBenchBus(folder: string): Promise<BenchBus> {
  const product = await loadProduct();
  const { systemEntropy: entropy, silentLogger: logger } = product;
  const clock = new product.SystemClock();
  const now = (): UnixSeconds => product.secondsOf(clock.wallMs());
  const keys = product.OperatorKeys.create('demo');
  const issuer = product.Issuer.create('metro1', entropy);
  const [operator, name] = [product.operatorId('demo'), product.terminalId('bus-1')];
  const identity = product.createIdentity(join(folder, 'identity.json'), {
    operator,
    terminal: name,
    roots: keys.rootSet,
  });
  const time = new product.TrustedTime({ clock, floorMs: 0, rtcKeptPower: true });
  const calendar = new product.BusinessCalendar('UTC');
  const bootId = entropy.bytes(16);
  const genesis: Payload = { act: 'genesis', cause: 'provisioning', operator };
  const { journal } = await product.openJournal({
    directory: folder,
    terminal: name,
    bootId,
    clock,
    entropy,
    logger,
    sizeCapBytes: 500 * 1_048_576,
    genesis: () => ({ type: 'GENESIS', payload: genesis, moment: time.now(), day: calendar.dayOf(clock.wallMs()) }),
  });
  const lists = await product.openListStore(folder, logger);
  const documents = new product.HeldDocuments({
    lists,
    operator,
    roots: identity.roots,
    logger,
    floorOf: () => null,
    journal: async (payload) => {
      await terminal.write('LIST', payload);
    },
  });
  const devices = portEnds(product);
  const config = { ...product.validatorDefaults, groupMax };
  const recovered = product.recover(journal);
  const terminal: Terminal<ValidatorInput> = new product.Terminal<ValidatorInput>(
    {
      operator,
      terminal: name,
      software: 'bench',
      bootId,
      journal,
      documents,
      scanner: devices.scanner,
      indicator: devices.indicator,
      time,
      calendar,
      clock,
      entropy,
      logger,
      signer: identity.journalKey,
      connection: () => ({ online: true, ackedSeq: journal.head()?.seq ?? null }),
      formats: product.nativeFormats,
    },
    recovered,
    (services) => {
      const trip = { line, direction: '', opens: 'itself' } as const;
      const staff = { terminal: identity.terminal, site: null, roles: ['driver'], presenceMs: 20_000 } as const;
      return new product.ValidatorDesk(
        { config, recovered: product.recoverTrip(journal, recovered, config), trip, staff },
        services,
      );
    },
  );
  await terminal.start({ reason: 'new' });
  await documents.takeTrust(keys.trustList([issuer], 1, now()));
  const denied = product.encodeDenySnapshot(denyList(issuer.iss));
  await documents.takeDeny({ version: 1, issuedAt: now() }, product.denySnapshotHash(denied), denied);
  const fares = product.encodeCbor(product.encodeFareTable(fareTable));
  await documents.takeFares({ version: 1, issuedAt: now() }, entropy.bytes(32), fares);
  const tripOpen = (): boolean =>
    journal.read(journal.head()?.epoch ?? 0, 0, 50).some(({ body }) => product.decodeRow(body).payload.act === 'trip');
  while (!tripOpen()) await setTimeout(1);
  const wallet = await makeRiders(product, issuer, (now() - 3_600) as UnixSeconds);
  return {
    wallet,
    codeOf: (wallet) => product.utf8(wallet.freshCode(now())),
    scan: (bytes) => devices.present({ bytes, atMonoMs: clock.monoMs(), scanner: 'bench' }),
    close: async () => {
      await terminal.stop();
      await journal.close();
      lists.close();
    },
  };
}

/** A scanner and an indicator at their ports, always online. */
function portEnds({ Signal }: Product) {
  const state: DeviceHealth = { id: 'bench', state: 'online', detail: '', reconnects: 0 };
  const device = {
    id: 'bench',
    health: () => state,
    changed: new Signal<DeviceHealth>(),
    start: () => {},
    stop: async () => {},
  };
  const scans = new Signal<Scan>();
  let shown: (cue: Cue) => void = () => {};
  const show = (cue: Cue): boolean => {
    shown(cue);
    return true;
  };
  const present = (scan: Scan): Promise<number> =>
    new Promise((resolve, reject) => {
      shown = (cue) =>
        cue === 'accepted'
          ? resolve(performance.now())
          : reject(new Error(`a timed scan was answered ${cue}, not accepted`));
      scans.emit(scan);
    });
  const counters = () => ({ frames: 0, oversize: 0, discardedBytes: 0 });
  return { scanner: { ...device, scans, counters }, indicator: { ...device, show }, present };
}

const denyList = (issuer: string) =>
  Array.from({ length: denyEntries }, () => {
    const id = new Uint8Array(randomBytes(8));
    return { issuer, type: 1, id, issuedBefore: 0, begin: 0, end: 0, why: 1, ref: '' } as const;
  });

const fareTable: FareTable = {
  version: 1,
  effectiveFrom: 1_700_000_000 as UnixSeconds,
  effectiveUntil: null,
  notice: '',
  currency: 'EUR',
  serviceDayStartMinutes: 270,
  maxFareMinor: 300,
  unknownFare: { policy: 'reject' },
  products: new Map([[1, { id: 1, companions: true, groupMax: null }]]),
  lines: new Map([
    [
      line,
      { id: line, tapModel: 'flat', groupMax: null, prices: new Map([[1, { amountMinor: 250, rule: 'flat-12' }]]) },
    ],
  ]),
};
