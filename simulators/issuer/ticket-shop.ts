// A ticket shop that signs pretix_sig1 tickets: what a visitor printed at home.
import { sign } from 'node:crypto';
import { type UnixSeconds, unixSeconds } from '../../runtime/core/brand.ts';
import { type Bytes, concat, utf8 } from '../../runtime/core/bytes.ts';
import { algorithms } from '../../runtime/tokens/keys.ts';
import type { IssuerContent } from '../../runtime/tokens/trust-list.ts';
import { kindBits } from '../../runtime/tokens/trust-view.ts';
import { type KeyPair, makeKeyPair } from './key-pair.ts';

export interface ShopTicket {
  readonly seed: string;
  readonly item: number;
  readonly variation?: number;
  readonly subevent?: number;
  /** Unix seconds. */
  readonly validFrom?: number;
  readonly validUntil?: number;
}

const year = 365 * 86_400;
const seedField = 1;

export class TicketShop {
  readonly iss: string;
  readonly key: KeyPair;

  constructor(iss: string, key: KeyPair = makeKeyPair(algorithms.EdDSA)) {
    this.iss = iss;
    this.key = key;
  }

  /** The text of the code: Base64 of the binary ticket, backwards. */
  sell(ticket: ShopTicket): string {
    const payload = encodeTicket(ticket);
    const signature = new Uint8Array(sign(null, payload, this.key.privateKey));
    const head = Uint8Array.of(1, payload.length >> 8, payload.length & 0xff, 0, signature.length);
    return Buffer.from(Buffer.from(concat(head, payload, signature)).toString('base64'))
      .reverse()
      .toString();
  }

  trustRecord(now: UnixSeconds): IssuerContent {
    const { kid, alg, raw } = this.key;
    const until = unixSeconds(now + 5 * year);
    const key = {
      kid,
      alg,
      raw,
      kinds: kindBits.ticket,
      from: unixSeconds(now - year),
      until,
      gone: unixSeconds(until + year),
    };
    return { iss: this.iss, name: this.iss, currency: 'EUR', format: 'pretix_sig1', keys: [key] };
  }
}

function encodeTicket(ticket: ShopTicket): Bytes {
  const seed = utf8(ticket.seed);
  const integers = [ticket.item, ticket.variation, ticket.subevent, ticket.validFrom, ticket.validUntil];
  return concat(
    varint(seedField * 8 + 2),
    varint(seed.length),
    seed,
    ...integers.flatMap((value, index) => (value === undefined ? [] : [varint((index + 2) * 8), varint(value)])),
  );
}

function varint(value: number): Bytes {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Uint8Array.from([...bytes, rest]);
}
