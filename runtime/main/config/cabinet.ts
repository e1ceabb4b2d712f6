// What a guide cabinet is told beside what every terminal is: its lines and slots, its place among the cabinets of the
// site, what its site lends to whom, and until when.
import { z } from 'zod';
import { cu16 } from '../../../devices/cabinet/protocol/kerong-cu16.ts';
import { cabinetDefaults } from '../../machines/cabinet/config.ts';
import { aGroup, clockTime, flag, listOf, name, path, pattern, wholeNumber } from './fields.ts';
import { network, sharedKeys } from './shared.ts';

const lineAt = (baudRate: number) =>
  z.strictObject({ path, baudRate: wholeNumber(1_200, 921_600).default(baudRate) }, aGroup);

/** What a tag may say on the slot line. */
const serial = pattern(/^[0-9A-Z.-]{1,24}$/, 'must be 1 to 24 of 0-9 A-Z . -');
const language = pattern(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$/, 'must be a language tag such as en or zh-Hant');
/** Nothing that is scanned leads to a page that anybody on the way could change. */
const borrowingPage = pattern(
  /^(?=.{1,128}$)(https:\/\/[^?#\s/]+|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?)\/[^?#\s]*$/,
  'must be https://NAME/PATH without a query, of up to 128 characters; http:// on loopback only',
);
/** As the site's rules name a machine. */
const peerName = /^[A-Za-z0-9_-]+$/;
const once = (what: string) => `each ${what} may be named once`;
const isSet = (values: readonly unknown[]): boolean => new Set(values).size === values.length;

const deviceSchema = z.strictObject(
  {
    /** Every reading decides: without presence nothing is known to be taken, without a tag nothing is lent. */
    locks: lineAt(19_200),
    board: wholeNumber(0, 15).default(0),
    slots: wholeNumber(1, cu16.locks).default(cu16.locks),
    tags: lineAt(115_200),
    charge: lineAt(115_200),
  },
  aGroup,
);

const siteSchema = z
  .strictObject(
    {
      number: wholeNumber(0, 65_535),
      place: name,
      cabinets: listOf(name, 1, 16, 'cabinets').refine(isSet, once('cabinet')),
      closesAt: clockTime.optional(),
      /** How long the home cabinet of a code is waited for. */
      claimTimeoutMs: wholeNumber(50, 2_000).default(cabinetDefaults.claimTimeoutMs),
      network,
    },
    aGroup,
  )
  .refine(({ place, cabinets }) => cabinets.includes(place), 'must list its own place among the cabinets')
  .refine(
    (site) => site.network === undefined || peerName.test(site.place),
    'place must be of A-Z a-z 0-9 _ - where the site has a network',
  );

export const cabinetSchema = z.strictObject({
  machine: z.literal('cabinet'),
  ...sharedKeys,
  cabinet: deviceSchema,
  site: siteSchema,
  products: listOf(
    z.strictObject(
      { product: wholeNumber(0, 65_535), guides: wholeNumber(1, 50).default(1), highValue: flag.default(false) },
      aGroup,
    ),
    0,
    256,
    'products with guides',
  )
    .default([])
    .refine((products) => isSet(products.map(({ product }) => product)), once('product')),
  items: listOf(
    z.strictObject({ serial, languages: listOf(language, 1, 64, 'languages') }, aGroup),
    1,
    5_000,
    'items of the fleet',
  ).refine((items) => isSet(items.map((item) => item.serial)), once('serial')),
  lending: z
    .strictObject(
      {
        hygiene: z.enum(['none', 'staff']).default('none'),
        minBatteryPercent: wholeNumber(0, 100).default(cabinetDefaults.minLendBatteryPercent),
        takeWithinMs: wholeNumber(5_000, 120_000).default(cabinetDefaults.presentTimeoutMs),
        duplicates: z.enum(['lenient', 'strict']).default(cabinetDefaults.dupMode),
        ejectForeign: flag.default(cabinetDefaults.ejectForeign),
        /** Of the head end, where a phone borrows; without, no code is shown. */
        page: borrowingPage.optional(),
        stopMinutes: wholeNumber(0, 600).default(cabinetDefaults.lendStopSeconds / 60),
      },
      aGroup,
    )
    .prefault({}),
});
export type CabinetTerminalConfig = Readonly<z.infer<typeof cabinetSchema>>;
