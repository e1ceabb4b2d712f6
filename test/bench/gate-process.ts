// A real `stile run` gate lane to be timed: the built command on simulated board and scanner lines. Its head end only
// hands out trust list and rules and is gone before the first sample: a lane decides alone.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { UnixSeconds } from '../../runtime/core/brand.ts';
import type { Clock } from '../../runtime/core/clock.ts';
import { freePort, quickGaps, RunningHeadEnd } from '../fixtures/bus-rig.ts';
import { built, loadProduct, type Product } from './product.ts';

const waitMs = 30_000;
const [site, lane] = [9, 'lane-1'];
/** The bare minimum of wires: a pulse out, a passage in. */
const pins = { unlockEntry: 9, passageEntry: 2, ready: null, occupied: null, opened: null, fire: null };
/** Longer than the debounce of the contact. */
const passageMs = 60;

export interface GateProcess {
  readonly clock: Clock;
  /** A ticket that no lane has seen, as the reader sends it. */
  ticket(): Uint8Array;
  /** Shows a code; resolves with the first byte of the open pulse. @throws when none comes. */
  admit(code: Uint8Array): Promise<void>;
  /** Somebody walks through; resolves when the outcome is durable and the lane takes the next ticket. */
  pass(): Promise<void>;
  close(): Promise<void>;
}

export async function openGateProcess(folder: string): Promise<GateProcess> {
  const product = await loadProduct();
  const { StreetProcess } = await built<typeof import('../../runtime/main/street/child-process.ts')>(
    'runtime/main/street/child-process',
  );
  const { createLine } = await built<typeof import('../../simulators/line/line.ts')>('simulators/line/line');
  const { SimulatedBoard } = await built<typeof import('../../simulators/board/simulated-board.ts')>(
    'simulators/board/simulated-board',
  );
  const { openJournalReader } =
    await built<typeof import('../../runtime/store/read-journal.ts')>('runtime/store/read-journal');
  const clock = new product.SystemClock();
  const scannerLine = await createLine({ kind: 'auto', folder, name: 'ttySCANNER', clock });
  const boardLine = await createLine({ kind: 'auto', folder, name: 'ttyBOARD', clock });
  const board = new SimulatedBoard({ line: boardLine, clock, nowUs: () => clock.monoUs() });
  const issuer = product.Issuer.create('museum1', product.systemEntropy);
  const port = await freePort();
  const { headEnd, identity } = await startHeadEnd(product, folder, port, issuer);
  const config = {
    machine: 'gate-lane',
    identityFile: join(folder, 'identity.json'),
    dataFolder: join(folder, 'data'),
    scanner: { path: scannerLine.path },
    indicator: { path: boardLine.path },
    brokers: [`mqtt://127.0.0.1:${port}`],
    gate: { kind: 'relay', openPulseMs: 100, debounceMs: 20, pins },
    site: { number: site, lane, capacity: 'unlimited' },
    log: { level: 'warn' },
  };
  writeFileSync(join(folder, 'lane.json'), JSON.stringify(config));
  const terminal = new StreetProcess({
    name: 'terminal',
    args: ['run', '--config', join(folder, 'lane.json')],
    logFile: join(folder, 'terminal.log'),
  });
  await headEnd.headEnd.enrol(product.terminalId('lane-1'), identity.journalKey.publicKey);
  await terminal.start();
  const journal = await openJournalReader(join(folder, 'data', 'journal.db'));
  await until('rules and deny list', () => {
    const acts = [...journal.rows()].map(({ body }) => product.decodeRow(body).payload.act);
    return acts.includes('rules') && acts.includes('deny');
  });
  await headEnd.stop();
  const now = (): number => product.secondsOf(clock.wallMs());
  const ticket = (): Uint8Array => {
    const slot = { nbf: (now() - 3_600) as UnixSeconds, exp: (now() + 36_000) as UnixSeconds };
    return product.utf8(`${issuer.ticket(slot, site, (now() - 7_200) as UnixSeconds)}\r`);
  };
  const admit = async (code: Uint8Array): Promise<void> => {
    const opened = board.pinChanged.next(({ pin, level }) => pin === pins.unlockEntry && level === 1);
    scannerLine.write(code);
    const late = setTimeout(waitMs, 'late', { ref: false });
    if ((await Promise.race([opened, late])) === 'late') throw new Error('no pulse came for a timed ticket');
  };
  /** A signed checkpoint may stand behind it. */
  const newestOutcome = (): number => journal.newest(4).findLast(({ type }) => type === 'OUTCOME')?.seq ?? -1;
  let outcome = newestOutcome();
  return {
    clock,
    ticket,
    admit,
    pass: async () => {
      board.apply(pins.passageEntry, 0);
      await setTimeout(passageMs);
      board.apply(pins.passageEntry, null);
      await until('the outcome', () => newestOutcome() > outcome);
      outcome = newestOutcome();
      await setTimeout(passageMs);
    },
    close: async () => {
      await terminal.end('SIGTERM');
      journal.close();
      await board.close();
      await scannerLine.close();
    },
  };
}

async function startHeadEnd(product: Product, folder: string, port: number, issuer: InstanceType<Product['Issuer']>) {
  mkdirSync(join(folder, 'data'), { recursive: true, mode: 0o700 });
  const keys = product.OperatorKeys.create('demo');
  const identity = product.createIdentity(join(folder, 'identity.json'), {
    operator: product.operatorId('demo'),
    terminal: product.terminalId('lane-1'),
    roots: keys.rootSet,
  });
  const headEnd = await RunningHeadEnd.start(join(folder, 'headend.db'), port, keys, [issuer], quickGaps);
  await headEnd.headEnd.publisher.publishLarge('rules', product.encodeCbor(rules));
  return { headEnd, identity };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = performance.now() + waitMs; !holds(); await setTimeout(10))
    if (performance.now() > deadline) throw new Error(`${what} never came`);
}

const rules = {
  version: 1,
  site,
  timeZone: 'UTC',
  gates: [{ id: lane, group: 0 }],
  conditions: {},
  products: [
    {
      id: 1,
      people: 'one',
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
    },
  ],
};
