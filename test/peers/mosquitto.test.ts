// The head end with a real broker: mosquitto on the files that one command made. Terminals come in over mTLS and no other
// way, each speaks and hears its own topics only, and whoever is revoked stays out.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SystemClock } from '../../runtime/core/clock.ts';
import { SeededEntropy, systemEntropy } from '../../runtime/core/entropy.ts';
import { silentLogger } from '../../runtime/core/log.ts';
import { addDevice, revokeDevice } from '../../runtime/main/headend/devices.ts';
import { initHeadEnd } from '../../runtime/main/headend/init.ts';
import { type SiteFiles, serviceName } from '../../runtime/main/headend/site-folder.ts';
import { StreetProcess } from '../../runtime/main/street/child-process.ts';
import { decodeRow } from '../../runtime/records/row.ts';
import { openJournalReader } from '../../runtime/store/read-journal.ts';
import { SimulatedBoard } from '../../simulators/board/simulated-board.ts';
import type { DeviceEnd } from '../../simulators/line/device-end.ts';
import { createLine } from '../../simulators/line/line.ts';
import { SimulatedScanner } from '../../simulators/scanner/simulated-scanner.ts';
import { MqttLink } from '../../sync/terminal/link/mqtt-link.ts';
import { operatorTopics, terminalTopics } from '../../sync/wire/topics.ts';
import { freePort } from '../fixtures/bus-rig.ts';
import { Mosquitto } from '../fixtures/mosquitto.ts';
import { BareClient } from '../fixtures/mqtt-client.ts';
import { waitUntil } from '../fixtures/wait-until.ts';
import { peer } from './available.ts';

const operator = 'demo';
const topics = operatorTopics(operator);
const clock = new SystemClock();
const world = { clock, entropy: systemEntropy, log: silentLogger };
const startMs = 180_000;

describe.skipIf(!peer('mosquitto'))('mosquitto, as init sets it up', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'stile-mosquitto-'));
  const lines: DeviceEnd[] = [];
  let files: SiteFiles;
  let broker: Mosquitto;
  let headEnd: StreetProcess;
  let bus: StreetProcess;
  let [port, servicePort] = [0, 0];

  beforeAll(async () => {
    [port, servicePort] = [await freePort(), await freePort()];
    const options = { operator, hosts: ['localhost'], port, servicePort, store: 'sqlite', databaseHost: null } as const;
    files = await initHeadEnd(join(folder, 'site'), options, world);
    for (const id of ['bus-1', 'bus-2']) await addDevice(files.root, id, world);
    broker = await Mosquitto.start(files, port);
    headEnd = new StreetProcess({
      name: 'headend',
      args: ['headend', 'run', '--config', files.headEnd.config],
      logFile: join(folder, 'headend.log'),
    });
    await headEnd.start();
  }, startMs);

  afterAll(async () => {
    await bus?.end('SIGKILL');
    await headEnd?.end('SIGTERM');
    await broker?.stop();
    for (const line of lines) await line.close();
    rmSync(folder, { recursive: true, force: true });
  }, startMs);

  const logs = (): string =>
    ['headend.log', 'bus.log']
      .map((name) => readLog(join(folder, name)))
      .concat(broker.log().split('\n').slice(-15).join('\n'))
      .join('\n');
  const until = (what: string, holds: () => boolean | Promise<boolean>) => waitUntil(what, holds, { more: logs });

  const certificateOf = (id: string) => {
    const paths = id === serviceName ? files.headEnd : files.terminal(id);
    return {
      ca: readFileSync(paths.authority, 'utf8'),
      cert: readFileSync(paths.certificate, 'utf8'),
      key: readFileSync(paths.key, 'utf8'),
    };
  };
  const asTerminal = (id: string, clientId = id): Promise<BareClient> =>
    BareClient.connect(`mqtts://localhost:${port}`, { clientId, ...certificateOf(id) });
  const asService = (clientId: string): Promise<BareClient> =>
    BareClient.connect(`mqtts://localhost:${servicePort}`, { clientId, ...certificateOf(serviceName) });

  test('a terminal process over mTLS delivers its rows and gets its documents', async () => {
    const [scanner, board] = await Promise.all(
      ['ttySCANNER', 'ttyBOARD'].map((name) => createLine({ kind: 'auto', folder, name, clock })),
    );
    if (!scanner || !board) throw new Error('no lines');
    lines.push(scanner, board);
    new SimulatedScanner({ line: scanner, clock });
    new SimulatedBoard({ line: board, clock, nowUs: () => Number(process.hrtime.bigint() / 1000n) });
    const paths = files.terminal('bus-1');
    const config = {
      machine: 'validator',
      identityFile: paths.identity,
      dataFolder: join(folder, 'bus'),
      scanner: { path: scanner.path },
      indicator: { path: board.path },
      brokers: [`mqtts://localhost:${port}`],
      tls: { caFile: paths.authority, certificateFile: paths.certificate, keyFile: paths.key },
      trip: { line: '12' },
    };
    writeFileSync(join(folder, 'bus.json'), JSON.stringify(config));
    bus = new StreetProcess({
      name: 'bus-1',
      args: ['run', '--config', join(folder, 'bus.json')],
      logFile: join(folder, 'bus.log'),
    });
    await bus.start();
    await until('the deny list on the bus', async () => (await actsOf(join(folder, 'bus'))).includes('deny'));
    const kept = (await actsOf(join(folder, 'bus'))).length;
    await until('its rows at the head end', () => storedRows(files, 'bus-1') >= kept);
  });

  test('a certificate speaks and hears under its own name only, whatever client id it gives', async () => {
    const [listener, first] = [await asService('listener'), await asTerminal('bus-2')];
    await listener.subscribe(`stile/1/${operator}/t/#`);
    await listener.subscribe(`stile/1/${operator}/all/#`);
    listener.heard.length = 0;
    const stranger = await asTerminal('bus-2', 'bus-1');
    // The broker put the certificate's name in the place of the client id: it is bus-2 who came back.
    await until('the first connection to end', () => first.closed);
    for (const filter of ['#', `stile/1/${operator}/t/+/#`, terminalTopics(operator, 'bus-1').ack]) {
      await stranger.subscribe(filter);
    }
    const [own, other] = [terminalTopics(operator, 'bus-2'), terminalTopics(operator, 'bus-1')];
    await listener.publish(other.ack, 'for bus-1');
    await listener.publish(other.command, 'for bus-1');
    await listener.publish(own.ack, 'for bus-2');
    await until('what is its own', () => stranger.heard.some(([topic]) => topic === own.ack));
    expect(stranger.heard.filter(([topic]) => topic.includes('bus-1'))).toEqual([]);
    for (const topic of [other.tx('live'), other.birth, topics.trust, topics.hostState('headend-1')]) {
      const intruder = await asTerminal('bus-2');
      expect(await intruder.publish(topic, 'forged')).toBe(false);
      await intruder.end();
    }
    const honest = await asTerminal('bus-2');
    expect(await honest.publish(own.request('doc'), 'mine')).toBe(true);
    await until('the honest word', () => listener.heard.some(([, text]) => text === 'mine'));
    expect(listener.heard.filter(([, text]) => text === 'forged')).toEqual([]);
    for (const client of [listener, first, stranger, honest]) await client.end();
  });

  test('nobody comes in without a certificate, with one of another authority, or without encryption', async () => {
    const { ca } = certificateOf('bus-2');
    const url = `mqtts://localhost:${port}`;
    await expect(BareClient.connect(url, { clientId: 'bus-2', ca })).rejects.toThrow();
    await expect(BareClient.connect(`mqtt://localhost:${port}`, { clientId: 'bus-2' })).rejects.toThrow();
    const options = { operator, hosts: ['localhost'], port, servicePort, store: 'sqlite', databaseHost: null } as const;
    const foreign = await initHeadEnd(join(folder, 'foreign'), options, world);
    await addDevice(foreign.root, 'bus-2', world);
    const stranger = foreign.terminal('bus-2');
    const material = { cert: readFileSync(stranger.certificate), key: readFileSync(stranger.key) };
    await expect(BareClient.connect(url, { clientId: 'bus-2', ca, ...material })).rejects.toThrow();
    await expect(
      BareClient.connect(url, { clientId: 'bus-2', ca: readFileSync(stranger.authority), ...material }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY/) });
    const welcome = await asTerminal('bus-2');
    await welcome.end();
  });

  test('a revoked certificate is refused once the broker has reloaded, and a new one for the same name is not', async () => {
    const before = await asTerminal('bus-2');
    await before.end();
    expect(await revokeDevice(files.root, 'bus-2', world)).toHaveLength(1);
    await broker.reload();
    await expect(asTerminal('bus-2')).rejects.toThrow();
    const told = await refusalOf('bus-2');
    expect(told).toMatchObject({ code: 'CERTIFICATE_REFUSED', remedy: expect.stringMatching(/revoked/) });
    await expect(revokeDevice(files.root, 'bus-2', world)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const other = await asService('still-welcome');
    await other.end();
    expect(await addDevice(files.root, 'bus-2', world)).toMatchObject({ isNew: false });
    await (await asTerminal('bus-2')).end();
  });

  test('a broker that was killed has everything retained again, and rows go on', async () => {
    await broker.stop('SIGKILL');
    await until('the head end to notice', () => readLog(join(folder, 'headend.log')).includes('broker.unreachable'));
    await broker.run();
    const listener = await asService('after-the-restart');
    for (const filter of [topics.trust, topics.denyHead, topics.documentHead('fares'), topics.anyHostState]) {
      await listener.subscribe(filter);
    }
    await until('four retained documents', () => new Set(listener.heard.map(([topic]) => topic)).size === 4);
    await listener.end();
    const known = storedRows(files, 'bus-1');
    await bus.end('SIGKILL');
    await bus.start();
    await until('rows of the next start', () => storedRows(files, 'bus-1') > known);
  });

  /** What the product's own link says about a broker that does not let it in. */
  async function refusalOf(id: string): Promise<object> {
    const told: object[] = [];
    const log = { ...silentLogger, warn: (_event: string, fields?: object) => void told.push(fields ?? {}) };
    const brokers = [`mqtts://localhost:${port}`];
    const entropy = new SeededEntropy('refused');
    const link = new MqttLink({ brokers, clientId: id, clock, entropy, log, tls: () => certificateOf(id) });
    link.start(async () => ({ topic: terminalTopics(operator, id).state, payload: new Uint8Array(1) }));
    await until('a refusal', () => told.length > 0);
    await link.stop();
    return told[0] ?? {};
  }
});

async function actsOf(dataFolder: string): Promise<readonly string[]> {
  const reader = await openJournalReader(join(dataFolder, 'journal.db')).catch(() => null);
  if (!reader) return [];
  try {
    return [...reader.rows()].map((row) => decodeRow(row.body).payload.act);
  } finally {
    reader.close();
  }
}

function storedRows(files: SiteFiles, terminal: string): number {
  const database = new Database(join(files.headEnd.data, 'headend.db'), { readonly: true });
  try {
    return Number(database.prepare('SELECT count(*) FROM tx WHERE terminal = ?').pluck().get(terminal));
  } finally {
    database.close();
  }
}

function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
