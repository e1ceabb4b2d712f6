// What a visitor carries: tickets and loan codes from the museum's issuer, paper from its shop, and a phone that opens the
// head end's page.
import { type UnixSeconds, unixSeconds } from '../../core/brand.ts';
import { type Bytes, hex } from '../../core/bytes.ts';
import { systemEntropy } from '../../core/entropy.ts';
import { homeLaneOf } from '../../machines/gate-lane/home-lane.ts';
import { type LaneId, laneIds, type MuseumSetting, museum } from './museum-setting.ts';

const hourSeconds = 3_600;
const daySeconds = 86_400;

/** A ticket whose slot began an hour ago and ends in two. */
export const ticketNow = (setting: MuseumSetting, now: UnixSeconds, claims: { readonly cti?: Bytes } = {}): string =>
  ticket(setting, now, [-hourSeconds, 2 * hourSeconds], { product: museum.single, ...claims });

export const ticketForLater = (setting: MuseumSetting, now: UnixSeconds): string =>
  ticket(setting, now, [hourSeconds, 2 * hourSeconds], { product: museum.single });

export const groupTicket = (setting: MuseumSetting, now: UnixSeconds, admissions: number): string =>
  ticket(setting, now, [-hourSeconds, 2 * hourSeconds], { product: museum.group, admissions });

/** The id of a ticket whose claims that lane keeps. */
export function ctiAtHome(home: LaneId): Bytes {
  const gates = laneIds.map((id) => ({ id, group: 0 }));
  for (;;) {
    const cti = systemEntropy.bytes(8);
    if (homeLaneOf(museum.issuer, cti, gates) === home) return cti;
  }
}

export const loanCode = ({ issuer }: MuseumSetting, now: UnixSeconds): string =>
  issuer.loan(issuer.newAccount(), museum.site, now);

/** Printed by the shop yesterday, good until tomorrow; nobody has been online since. */
export const paperTicket = ({ shop }: MuseumSetting, now: UnixSeconds): string =>
  shop.sell({
    seed: hex(systemEntropy.bytes(16)),
    item: museum.guideItem,
    validFrom: now - daySeconds,
    validUntil: now + daySeconds,
  });

/** What a phone's browser does with the address behind a cabinet's code: opens it and presses a language. */
export async function borrowByPhone(address: string): Promise<string> {
  const { origin } = new URL(address);
  const offer = await (await fetch(address)).text();
  const fields = [...offer.matchAll(/<input type="hidden" name="([a-z]+)" value="([^"]*)">/g)];
  const form = new URLSearchParams(fields.map(([, name = '', value = '']): [string, string] => [name, value]));
  form.set('lang', 'en');
  return (await fetch(`${origin}/borrow`, { method: 'POST', body: form, headers: { origin } })).text();
}

function ticket(
  { issuer }: MuseumSetting,
  now: UnixSeconds,
  [from, to]: readonly [number, number],
  claims: { readonly product: number; readonly cti?: Bytes; readonly admissions?: number },
): string {
  const slot = { nbf: unixSeconds(now + from), exp: unixSeconds(now + to) };
  return issuer.ticket(slot, museum.site, unixSeconds(now - daySeconds), claims);
}
