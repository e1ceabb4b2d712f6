// What a visitor's phone holds: one code of each kind, the same until another one is bought or it is out of date. A code
// that stays is one that can be shown twice.
import { type Offer, type OfferKind, offerKinds } from '../../../simulators/street/museum-world.ts';
import { StaffBadge } from '../../../simulators/wallet/staff-badge.ts';
import { type UnixSeconds, unixSeconds } from '../../core/brand.ts';
import { type MuseumSetting, museum } from './museum-setting.ts';
import { groupTicket, loanCode, paperTicket, ticketForLater, ticketNow } from './museum-visitor.ts';

export const groupOf = 3;
const minuteSeconds = 60;
/** Well inside what each code lives; a badge is signed anew at each showing. */
const freshSeconds: Readonly<Record<OfferKind, number>> = {
  ticket: 90 * minuteSeconds,
  early: 30 * minuteSeconds,
  group: 90 * minuteSeconds,
  loanCode: 8 * minuteSeconds,
  paper: 90 * minuteSeconds,
  badge: 5,
};

interface Held {
  readonly code: string;
  readonly since: UnixSeconds;
}

export class MuseumPocket {
  readonly #setting: MuseumSetting;
  readonly #badge: StaffBadge;
  readonly #held = new Map<OfferKind, Held>();

  constructor(setting: MuseumSetting, now: UnixSeconds) {
    this.#setting = setting;
    const shiftBegan = unixSeconds(now - minuteSeconds);
    this.#badge = StaffBadge.open(setting.issuer, { roles: ['gate', 'cabinet'], site: museum.site }, shiftBegan);
  }

  offers(now: UnixSeconds): readonly Offer[] {
    return offerKinds.map((kind) => ({ kind, code: this.#code(kind, now) }));
  }

  buy(kind: OfferKind): void {
    this.#held.delete(kind);
  }

  #code(kind: OfferKind, now: UnixSeconds): string {
    const held = this.#held.get(kind);
    if (held && now - held.since < freshSeconds[kind]) return held.code;
    const code = this.#made(kind, now);
    this.#held.set(kind, { code, since: now });
    return code;
  }

  #made(kind: OfferKind, now: UnixSeconds): string {
    switch (kind) {
      case 'ticket':
        return ticketNow(this.#setting, now);
      case 'early':
        return ticketForLater(this.#setting, now);
      case 'group':
        return groupTicket(this.#setting, now, groupOf);
      case 'loanCode':
        return loanCode(this.#setting, now);
      case 'paper':
        return paperTicket(this.#setting, now);
      case 'badge':
        return this.#badge.code(now);
      default:
        return kind satisfies never;
    }
  }
}
