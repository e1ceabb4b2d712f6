// Two workers behind one broker and one database: they share the rows of a terminal between them, and the terminal is
// still stored once, in order, on one chain. A worker that goes away leaves nothing undone.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SystemClock } from '../../runtime/core/clock.ts';
import { SeededEntropy, systemEntropy } from '../../runtime/core/entropy.ts';
import { silentLogger } from '../../runtime/core/log.ts';
import { addDevice } from '../../runtime/main/headend/devices.ts';
import { initHeadEnd } from '../../runtime/main/headend/init.ts';
import type { SiteFiles } from '../../runtime/main/headend/site-folder.ts';
import { StreetProcess } from '../../runtime/main/street/child-process.ts';
import { MqttExchange, sharedInlet } from '../../sync/headend/broker/mqtt-exchange.ts';
import { openPostgresStore } from '../../sync/headend/store/postgres-store.ts';
import { MqttLink } from '../../sync/terminal/link/mqtt-link.ts';
import { freePort } from '../fixtures/bus-rig.ts';
import { Mosquitto } from '../fixtures/mosquitto.ts';
import { PostgresServer } from '../fixtures/postgres-server.ts';
import {
  Authority,
  newHeadEnd,
  newTerminal,
  operator,
  publishBasics,
  storedExactlyOnce,
  type TerminalUnderTest,
} from '../fixtures/sync-world.ts';
import { waitUntil } from '../fixtures/wait-until.ts';
import { peer } from './available.ts';

const clock = new SystemClock();
const startMs = 180_000;
const peersMissing = [peer('mosquitto'), peer('postgres')].includes(false);
const terminals = ['bus-1', 'bus-2'] as const;

describe.skipIf(peersMissing)('workers on a shared subscription', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'stile-workers-'));
  let files: SiteFiles;
  let broker: Mosquitto;
  let server: PostgresServer;
  let [port, servicePort] = [0, 0];

  beforeAll(async () => {
    server = await PostgresServer.start();
    [port, servicePort] = [await freePort(), await freePort()];
    const options = { operator, hosts: ['localhost'], port, servicePort, store: 'sqlite', databaseHost: null } as const;
    const world = { clock, entropy: systemEntropy, log: silentLogger };
    files = await initHeadEnd(join(folder, 'site'), options, world);
    for (const id of terminals) await addDevice(files.root, id, world);
    broker = await Mosquitto.start(files, port);
  }, startMs);

  afterAll(async () => {
    await broker?.stop();
    await server?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, startMs);

  const material = (paths: { authority: string; certificate: string; key: string }) => () => ({
    ca: readFileSync(paths.authority, 'utf8'),
    cert: readFileSync(paths.certificate, 'utf8'),
    key: readFileSync(paths.key, 'utf8'),
  });

  function exchange(clientId: string): MqttExchange {
    const url = `mqtts://localhost:${servicePort}`;
    const tls = material(files.headEnd);
    return new MqttExchange({ url, clientId, tls, will: null, clock, entropy: systemEntropy, log: silentLogger });
  }

  function terminal(id: string, authority: Authority): TerminalUnderTest {
    const link = new MqttLink({
      brokers: [`mqtts://localhost:${port}`],
      clientId: id,
      clock,
      entropy: new SeededEntropy(id),
      log: silentLogger,
      tls: material(files.terminal(id)),
    });
    return newTerminal({ id, seed: id, clock, link, authority });
  }

  test('store the rows of a terminal once and in order, each a share, also when one of them goes', async () => {
    const store = await openPostgresStore(await server.open(await server.fresh()));
    const authority = new Authority();
    const [main, one, two] = [exchange('headend'), exchange('worker-1'), exchange('worker-2')];
    const workers = [one, two].map((worker) => sharedInlet(worker, 'ingest'));
    const { headEnd } = await newHeadEnd({ exchange: main, workers, clock, authority, store });
    for (const connection of [main, one, two]) connection.start();
    await headEnd.start();
    const buses = terminals.map((id) => terminal(id, authority));
    for (const bus of buses) await headEnd.enrol(bus.id, bus.keys.publicKey);
    await publishBasics(headEnd, authority);
    for (const bus of buses) {
      bus.journal.appendMany(2_000);
      bus.sync.start();
    }
    const rowsOf = async (): Promise<number> => (await store.counts()).rows;
    await waitUntil('half of the rows', async () => (await rowsOf()) >= 2_000);
    const shares = headEnd.workerCounts().map(({ stored }) => stored);
    expect(shares).toHaveLength(2);
    expect(Math.min(...shares)).toBeGreaterThan(0);
    // One worker is cut off with whatever it holds: what it did not acknowledge comes again, to the other.
    await one.close();
    for (const bus of buses) bus.journal.appendMany(200);
    await waitUntil('every row', async () => (await rowsOf()) >= 4_402);
    for (const bus of buses) {
      expect(await storedExactlyOnce(store, bus.journal)).toBe(true);
      expect(await store.forkedRanges(bus.id, bus.journal.epoch)).toEqual([]);
    }
    expect(await store.incidents(10)).toEqual([]);
    for (const bus of buses) await bus.sync.stop();
    await headEnd.stop();
    for (const connection of [main, two]) await connection.close();
    await store.close();
  });

  test('the head end starts on both by what init wrote, and hears through every worker', async () => {
    await server.fresh('stile');
    const world = { clock, entropy: systemEntropy, log: silentLogger };
    const databaseHost = server.folder;
    const [own, ownService] = [await freePort(), await freePort()];
    const ports = { port: own, servicePort: ownService };
    const options = { operator, hosts: ['localhost'], ...ports, store: 'postgresql', databaseHost } as const;
    const site = await initHeadEnd(join(folder, 'whole'), options, world);
    const { id } = await addDevice(site.root, 'bus-9', world);
    const ownBroker = await Mosquitto.start(site, own);
    const logFile = join(folder, 'headend.log');
    const args = ['headend', 'run', '--config', site.headEnd.config, '--workers', '2'];
    const headEnd = new StreetProcess({ name: 'headend', args, logFile });
    try {
      await headEnd.start();
      const connected = (): number => readFileSync(logFile, 'utf8').split('broker.connected').length - 1;
      await waitUntil('three connections', () => connected() === 3, { more: () => readFileSync(logFile, 'utf8') });
      expect(ownBroker.log()).toContain('$share/ingest/');
      const store = await openPostgresStore(await server.open({ ...(await server.fresh()), database: 'stile' }));
      expect((await store.terminals()).map(({ terminal: known }) => known)).toEqual([id]);
      expect(await store.newestDocument('fares', '*')).not.toBeNull();
      await store.close();
    } finally {
      await headEnd.end('SIGTERM');
      await ownBroker.stop();
    }
  });
});
