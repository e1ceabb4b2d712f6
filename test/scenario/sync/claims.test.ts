// One ticket at two lanes: the home lane decides once, whatever the site's broker does to the messages. Who is
// not named in the site rules, or speaks with another key, is not heard.
import { describe, expect, test } from 'vitest';
import { type Bytes, hex, utf8 } from '../../../runtime/core/bytes.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { claimTalkLimits } from '../../../sync/terminal/claims.ts';
import { MemoryBroker, type MemoryLink } from '../../../sync/terminal/link/memory-link.ts';
import { sealClaim, siteKeys } from '../../../sync/wire/claim.ts';
import { describeMessage } from '../../../sync/wire/describe.ts';
import { siteTopics } from '../../../sync/wire/topics.ts';
import { actId, type Lane, SiteWorld, site, siteKey, subject } from '../../fixtures/site-world.ts';
import { JournalKeyPair, operator } from '../../fixtures/sync-world.ts';

const topics = siteTopics(operator, site);

interface World {
  readonly clock: VirtualClock;
  readonly broker: MemoryBroker;
  readonly links: Map<string, MemoryLink>;
  readonly site: SiteWorld;
  readonly home: Lane;
  readonly other: Lane;
  readonly third: Lane;
}

async function world(): Promise<World> {
  const clock = new VirtualClock();
  const broker = new MemoryBroker(clock);
  const links = new Map<string, MemoryLink>();
  const made = new SiteWorld(clock);
  const join = (name: string): Lane => {
    const link = broker.link(`t-${name}`);
    links.set(name, link);
    return made.join(name, link);
  };
  const w = { clock, broker, links, site: made, home: join('east'), other: join('west'), third: join('north') };
  await clock.advance(5_000);
  return w;
}

const answers = ({ events }: Lane): readonly string[] =>
  events.flatMap((event) => (event.kind === 'answered' ? [`${event.from} ${event.answer.decision}`] : []));
const refused = ({ events }: Lane): readonly string[] =>
  events.flatMap((event) => (event.kind === 'refused' ? [`${event.sender}: ${event.problem}`] : []));

describe('a claim', () => {
  test('is granted to the lane that asks first; the next is told busy, and used once it was', async () => {
    const w = await world();
    expect(w.other.claims.claim('east', subject(1))).toBe(true);
    await w.clock.advance(10);
    w.third.claims.claim('east', subject(2));
    await w.clock.advance(10);
    expect(answers(w.other)).toEqual(['east granted']);
    expect(answers(w.third)).toEqual(['east busy']);
    w.other.claims.settle('east', { subject: subject(1), actId: actId(1), outcome: 'used', more: false });
    await w.clock.advance(10);
    w.third.claims.claim('east', subject(3));
    await w.clock.advance(10);
    expect(answers(w.third)).toEqual(['east busy', 'east used']);
    // What the home lane knows of the ticket comes along, sealed.
    expect(w.third.events.at(-1)).toMatchObject({ answer: { use: Uint8Array.of(1, 2, 3) } });
    expect(w.home.ledger.settlements).toMatchObject([{ outcome: 'used', subject: subject(1) }]);
  });

  test('delivered three times is decided once and answered three times', async () => {
    const w = await world();
    let tripled = 0;
    w.broker.carriage = ({ topic }) => {
      if (!topic.includes('/claim/')) return [1];
      tripled++;
      return [1, 2, 30];
    };
    w.other.claims.claim('east', subject(1));
    await w.clock.advance(100);
    expect(tripled).toBeGreaterThan(0);
    expect(w.home.ledger.decisions).toBe(1);
    expect(answers(w.other)).toEqual(['east granted', 'east granted', 'east granted']);
  });

  test('is heard by the lane it is for, and by no other', async () => {
    const w = await world();
    w.other.claims.claim('east', subject(1));
    await w.clock.advance(100);
    expect(w.third.ledger.decisions).toBe(0);
    expect(answers(w.third)).toEqual([]);
  });

  test('without an answer of the machine has none: the asker is left to its own mode', async () => {
    const w = await world();
    w.home.ledger.mute = true;
    w.other.claims.claim('east', subject(1));
    await w.clock.advance(1_000);
    expect(answers(w.other)).toEqual([]);
    w.home.ledger.mute = false;
    w.other.claims.claim('east', subject(1));
    await w.clock.advance(1_000);
    expect(answers(w.other)).toEqual(['east granted']);
  });

  test('with the LAN cut cannot be made, and nothing is kept to be said later', async () => {
    const w = await world();
    const seen: boolean[] = [];
    w.other.claims.reachable.on((reachable) => seen.push(reachable));
    w.links.get('west')?.cut();
    expect(w.other.claims.claim('east', subject(1))).toBe(false);
    w.links.get('west')?.mend();
    await w.clock.advance(10_000);
    expect(w.home.ledger.decisions).toBe(0);
    expect(seen).toEqual([false, true]);
  });
});

describe('an outcome', () => {
  test('is told until the home lane has written it down, over a cut and over a full disk', async () => {
    const w = await world();
    w.links.get('east')?.cut();
    w.other.claims.settle('east', { subject: subject(1), actId: actId(1), outcome: 'used', more: true });
    await w.clock.advance(10_000);
    expect(w.other.claims.untold).toBe(1);
    w.home.ledger.failing = true;
    w.links.get('east')?.mend();
    await w.clock.advance(5_000);
    expect(w.home.events.some(({ kind }) => kind === 'failed')).toBe(true);
    expect(w.other.claims.untold).toBe(1);
    w.home.ledger.failing = false;
    await w.clock.advance(5_000);
    expect(w.other.claims.untold).toBe(0);
    expect(w.home.ledger.settlements).toMatchObject([{ outcome: 'used', more: true, actId: actId(1) }]);
    // Nothing is left that would be told for ever.
    expect(w.clock.pending().filter((name) => name === 'claims.tell').length).toBeLessThanOrEqual(1);
    await w.clock.advance(3 * claimTalkLimits.tellAgainMs);
    expect(w.clock.pending()).not.toContain('claims.tell');
  });

  test('of the same claim twice is two outcomes: one per act', async () => {
    const w = await world();
    for (const act of [1, 2]) {
      w.other.claims.settle('east', { subject: subject(1), actId: actId(act), outcome: 'used', more: act === 1 });
    }
    await w.clock.advance(1_000);
    expect(w.home.ledger.settlements.map(({ actId: act }) => hex(act))).toEqual([hex(actId(1)), hex(actId(2))]);
    expect(w.other.claims.untold).toBe(0);
  });

  test('too many untold outcomes give up the oldest', async () => {
    const w = await world();
    w.links.get('west')?.cut();
    for (let act = 0; act <= claimTalkLimits.untold; act++) {
      const id = new Uint8Array(8);
      new DataView(id.buffer).setUint32(0, act);
      w.other.claims.settle('east', { subject: subject(1), actId: id, outcome: 'used', more: false });
    }
    expect(w.other.claims.untold).toBe(claimTalkLimits.untold);
  });
});

describe('who is not believed', () => {
  const talk = { operator, site, keys: siteKeys(siteKey) };
  const forge = (w: World, sender: string, keys: JournalKeyPair, change: { to?: string; atMs?: number } = {}): Bytes =>
    sealClaim(
      { ...talk },
      sender,
      { kind: 'claim', to: change.to ?? 'east', atMs: change.atMs ?? w.clock.wallMs(), subject: subject(9) },
      new Uint8Array(12),
      (message) => keys.sign(message),
    );
  const say = async (w: World, topic: string, payload: Bytes, retain = false): Promise<void> => {
    w.broker.publish(topic, payload, { qos: 0, retain });
    await w.clock.advance(100);
  };

  test('a machine that the site rules do not name, until they do', async () => {
    const w = await world();
    w.site.strangers.add('t-west');
    w.other.claims.claim('east', subject(1));
    await w.clock.advance(100);
    expect(refused(w.home)).toEqual(['t-west: not named in the site rules']);
    w.site.strangers.clear();
    w.other.claims.claim('east', subject(1));
    await w.clock.advance(100);
    expect(answers(w.other)).toEqual(['east granted']);
  });

  test('a machine with another key than the rules name', async () => {
    const w = await world();
    await say(w, topics.claim('t-west'), forge(w, 't-west', new JournalKeyPair()));
    expect(refused(w.home)).toEqual(['t-west: signature']);
    expect(w.home.ledger.decisions).toBe(0);
  });

  test('a true claim under the name of another machine', async () => {
    const w = await world();
    await say(w, topics.claim('t-north'), forge(w, 't-west', w.other.keys));
    expect(refused(w.home)).toEqual(['t-north: signature']);
  });

  test('a claim said where answers are said', async () => {
    const w = await world();
    await say(w, topics.answer('t-west'), forge(w, 't-west', w.other.keys));
    expect(w.home.ledger.decisions).toBe(0);
  });

  test('a recorded claim, a minute later; but not where the clock is in doubt', async () => {
    const w = await world();
    const recorded = forge(w, 't-west', w.other.keys);
    await w.clock.advance(claimTalkLimits.freshMs + 1_000);
    await say(w, topics.claim('t-west'), recorded);
    expect(w.home.ledger.decisions).toBe(0);
    w.site.untrusted = true;
    await say(w, topics.claim('t-west'), recorded);
    expect(w.home.ledger.decisions).toBe(1);
  });

  test('a claim that the broker kept', async () => {
    const w = await world();
    w.links.get('east')?.cut();
    await say(w, topics.claim('t-west'), forge(w, 't-west', w.other.keys), true);
    w.links.get('east')?.mend();
    await w.clock.advance(5_000);
    expect(w.home.ledger.decisions).toBe(0);
  });

  test('a machine that does not know the key of the site', async () => {
    const w = await world();
    const link = w.broker.link('t-south');
    const south = w.site.join('south', link, { siteKey: new Uint8Array(32).fill(6) });
    await w.clock.advance(5_000);
    south.claims.claim('east', subject(1));
    await w.clock.advance(100);
    expect(refused(w.home)).toEqual(['t-south: box: not sealed with the key of this site']);
  });

  test('a listener on the LAN learns no ticket id', async () => {
    const w = await world();
    const heard: Bytes[] = [];
    w.broker.subscribe(topics.anyClaim, ({ payload }) => heard.push(payload));
    const cti = utf8('ticket-id-0123');
    w.other.claims.claim('east', { ...subject(1), cti });
    await w.clock.advance(100);
    const [payload] = heard;
    if (!payload) throw new Error('nothing was said');
    expect(hex(payload)).not.toContain(hex(cti));
    expect(Buffer.from(payload).includes('museum')).toBe(false);
    const described = describeMessage(topics.claim('t-west'), payload);
    expect(described).toMatchObject({
      ok: true,
      value: { topic: { to: 'claim', sender: 't-west' }, message: { b: { k: 'claim', to: 'east' } } },
    });
    expect(JSON.stringify(described)).not.toContain(hex(cti));
  });
});
