// A museum over sockets: two gate lanes, the head end's broker and the site's own, real MQTT, SQLite and
// signatures, on the machine's clock. Rules come down, places are leased, a ticket is claimed, a command opens.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { decodeCbor, documentProfile } from '../../../runtime/core/cbor.ts';
import { SystemClock } from '../../../runtime/core/clock.ts';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { silentLogger } from '../../../runtime/core/log.ts';
import { openEmbeddedBroker } from '../../../sync/headend/broker/embedded-broker.ts';
import { Claims } from '../../../sync/terminal/claims.ts';
import { MqttLink } from '../../../sync/terminal/link/mqtt-link.ts';
import { readSitePeers, type SitePeer } from '../../../sync/wire/site-peers.ts';
import { siteTopics } from '../../../sync/wire/topics.ts';
import { CommandedMachine } from '../../fixtures/commanded-machine.ts';
import { LeasedLane } from '../../fixtures/leased-lane.ts';
import { MemoryJournal } from '../../fixtures/memory-journal.ts';
import { actId, HomeLedger, rulesWith, site, siteKey, subject } from '../../fixtures/site-world.ts';
import {
  Authority,
  newHeadEnd,
  newTerminal,
  operator,
  publishBasics,
  storedExactlyOnce,
} from '../../fixtures/sync-world.ts';

const clock = new SystemClock();
const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function until(what: string, condition: () => boolean | Promise<boolean>, limitMs = 30_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const linkTo = (port: number, clientId: string): MqttLink =>
  new MqttLink({
    brokers: [`mqtt://127.0.0.1:${port}`],
    clientId,
    clock,
    entropy: new SeededEntropy(clientId),
    log: silentLogger,
  });

async function broker() {
  const opened = await openEmbeddedBroker({ operator, port: 0, log: silentLogger });
  cleanups.push(() => opened.close());
  return opened;
}

async function museum() {
  const folder = mkdtempSync(join(tmpdir(), 'stile-museum-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const authority = new Authority();
  const central = await broker();
  const lan = await broker();
  const zone = {
    site,
    zone: 'hall',
    capacity: 50,
    lanes: ['t-east', 't-west'],
    places: 20,
    lifeSeconds: 600,
    guardSeconds: 5,
  };
  const head = await newHeadEnd({
    exchange: central,
    clock,
    authority,
    path: join(folder, 'headend.db'),
    zones: [zone],
  });
  cleanups.push(() => head.store.close());
  await head.headEnd.start();
  cleanups.push(() => head.headEnd.stop());
  await publishBasics(head.headEnd, authority);
  const lane = async (name: string) => {
    const id = `t-${name}`;
    const journal = new MemoryJournal(id);
    const machine = new CommandedMachine(journal);
    const places = new LeasedLane(journal, clock);
    const terminal = newTerminal({
      id,
      seed: id,
      clock,
      link: linkTo(central.port, id),
      authority,
      journal,
      commands: machine,
      leases: { site, zone: 'hall', places: 20, port: places },
      documents: ['rules'],
    });
    const ledger = new HomeLedger();
    const claims = new Claims({
      operator,
      site,
      terminal: id,
      lane: name,
      siteKey,
      link: linkTo(lan.port, id),
      keys: terminal.keys,
      clock,
      entropy: new SeededEntropy(`${name}-claims`),
      now: () => null,
      peers: (): readonly SitePeer[] => {
        const bytes = terminal.sink.bytesOf('rules');
        const read = bytes && readSitePeers(decodeCbor(bytes, documentProfile));
        return read?.ok ? read.value : [];
      },
      port: ledger,
    });
    let reachable = false;
    claims.reachable.on((now) => {
      reachable = now;
    });
    const answers: string[] = [];
    claims.events.on((event) => answers.push(event.kind === 'answered' ? event.answer.decision : event.kind));
    await head.headEnd.enrol(id, terminal.keys.publicKey);
    terminal.sync.start();
    claims.start();
    cleanups.push(() => terminal.sync.stop());
    cleanups.push(() => claims.stop());
    return { name, id, terminal, machine, places, ledger, claims, answers, reachable: () => reachable };
  };
  const east = await lane('east');
  const west = await lane('west');
  const peers = [east, west].map(({ name, id, terminal }) => ({
    lane: name,
    terminal: id,
    key: terminal.keys.publicKey,
  }));
  await head.headEnd.publisher.publishLarge('rules', rulesWith(peers));
  await until('rules at both lanes', () =>
    [east, west].every(({ terminal }) => terminal.sink.inForce('rules') !== null),
  );
  await until('the site broker', () => east.reachable() && west.reachable());
  return { head, lan, east, west };
}

test('rules, leases, claims and commands over real brokers', async () => {
  const { head, lan, east, west } = await museum();
  const { headEnd } = head;

  await until('places at both lanes', () => [east, west].every(({ places }) => places.current()?.left === 20));
  expect(east.places.admit()).toBe(true);
  await until('somebody is inside', () => headEnd.leases.occupancy(site, 'hall')?.inside === 1);
  expect(headEnd.leases.occupancy(site, 'hall')).toEqual({ inside: 1, reserved: 39, free: 10 });

  west.claims.claim('east', subject(1));
  await until('the claim granted', () => west.answers.includes('granted'));
  west.claims.settle('east', { subject: subject(1), actId: actId(1), outcome: 'used', more: false });
  await until('the outcome heard', () => west.claims.untold === 0);
  west.claims.claim('east', subject(2));
  await until('the second claim refused', () => west.answers.includes('used'));
  expect(east.ledger.settlements).toHaveLength(1);

  const { commandId } = await headEnd.commands.send(west.id, { kind: 'open', direction: 'exit', reason: 'pushchair' });
  await until('the command answered', () => headEnd.commands.statusOf(commandId)?.state === 'answered');
  expect(west.machine.motionsOf(commandId)).toBe(1);
  expect(west.terminal.commandEvents.map(({ kind }) => kind)).toEqual(['challenged', 'taken']);
  expect(east.machine.motions).toEqual([]);

  await until('every row acknowledged', () =>
    [east, west].every(({ terminal }) => terminal.sync.status().pendingRows === 0),
  );
  expect(await storedExactlyOnce(head.store, east.terminal.journal)).toBe(true);
  expect(await storedExactlyOnce(head.store, west.terminal.journal)).toBe(true);

  // A machine that speaks under the name of another is cut off by the broker, before any signature is asked for.
  const intruder = linkTo(lan.port, 't-thief');
  cleanups.push(() => intruder.stop());
  const topics = siteTopics(operator, site);
  intruder.start(async () => ({ topic: topics.answer('t-thief'), payload: new Uint8Array(0) }));
  await intruder.up.next();
  const down = intruder.down.next();
  intruder.publish(topics.claim('t-west'), Uint8Array.of(1), { qos: 1 });
  await down;
  expect(east.answers).toEqual([]);
});
