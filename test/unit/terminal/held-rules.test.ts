// Site rules as a terminal holds them: taken whole or not at all, kept over a restart, and believed then only
// if they are what the journal remembers.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { unixSeconds } from '../../../runtime/core/brand.ts';
import { type Bytes, utf8 } from '../../../runtime/core/bytes.ts';
import { type CborMap, encodeCbor } from '../../../runtime/core/cbor.ts';
import { silentLogger } from '../../../runtime/core/log.ts';
import type { Payload } from '../../../runtime/records/payload.ts';
import { type ListStore, openListStore } from '../../../runtime/store/list-store.ts';
import { HeldDocuments, type InForce } from '../../../runtime/terminal/held-documents.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

const sha256 = (bytes: Bytes): Bytes => new Uint8Array(createHash('sha256').update(bytes).digest());
const issuedAt = unixSeconds(1_770_000_000);
const rules = (version: number): Bytes => encodeCbor({ version, site: 7 });

async function listStore(): Promise<ListStore> {
  const folder = mkdtempSync(join(tmpdir(), 'stile-rules-'));
  const lists = await openListStore(folder, silentLogger);
  cleanups.push(() => {
    lists.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return lists;
}

interface Held {
  readonly documents: HeldDocuments;
  readonly written: Payload[];
  floor: InForce | null;
}

function held(lists: ListStore, floor: InForce | null, checkRules?: (body: CborMap) => void): Held {
  const made: Held = {
    floor,
    written: [],
    documents: new HeldDocuments({
      lists,
      operator: 'museum',
      roots: { gen: 1, need: 1, keys: [] },
      logger: silentLogger,
      floorOf: (name) => (name === 'rules' ? made.floor : null),
      journal: async (payload) => void made.written.push(payload),
      ...(checkRules ? { checkRules } : {}),
    }),
  };
  return made;
}

describe('site rules', () => {
  test('are in force once they are kept and named by a LIST row', async () => {
    const { documents, written } = held(await listStore(), null);
    const changed: string[] = [];
    documents.changed.on((name) => changed.push(name));
    expect(await documents.takeRules({ version: 3, issuedAt }, sha256(rules(3)), rules(3))).toEqual({ ok: true });
    expect(documents.rules?.version).toBe(3);
    expect(documents.rules?.body.get('site')).toBe(7);
    expect(documents.inForce('rules')).toEqual({ version: 3, hash: sha256(rules(3)) });
    expect(written).toEqual([{ act: 'rules', version: 3, hash: sha256(rules(3)) }]);
    expect(changed).toEqual(['rules']);
  });

  test.each([
    ['noise', utf8('noise'), /CBOR/],
    ['a list instead of a map', encodeCbor([1]), /not a map/],
    ['what the decoder refuses', rules(99), /gates is missing/],
  ])('that are %s leave the old ones in force', async (_what, bytes, problem) => {
    const { documents, written } = held(await listStore(), null, (body) => {
      if (body.get('version') === 99) throw new Error('gates is missing');
    });
    await documents.takeRules({ version: 1, issuedAt }, sha256(rules(1)), rules(1));
    const taken = await documents.takeRules({ version: 2, issuedAt }, sha256(bytes), bytes);
    expect(taken).toMatchObject({ ok: false, problem: expect.stringMatching(problem) });
    expect(documents.rules?.version).toBe(1);
    expect(written).toHaveLength(1);
  });

  test('survive a restart only as the journal remembers them', async () => {
    const lists = await listStore();
    await held(lists, null).documents.takeRules({ version: 3, issuedAt }, sha256(rules(3)), rules(3));
    const again = held(lists, { version: 3, hash: sha256(rules(3)) });
    again.documents.load();
    expect(again.documents.rules?.version).toBe(3);
    const swapped = held(lists, { version: 3, hash: sha256(rules(4)) });
    swapped.documents.load();
    expect(swapped.documents.rules).toBeNull();
  });
});
