// What the configuration of every terminal has, whatever machine it is.
import { z } from 'zod';
import { hidProfiles } from '../../../devices/scanner/protocol/hid-pos.ts';
import { brokerProblem } from '../../../sync/terminal/link/broker-address.ts';
import { isTimeZone } from '../../rules/local-calendar.ts';
import { aGroup, clockTime, flag, listOf, path, pattern, text, wholeNumber } from './fields.ts';
import { formatsSchema } from './formats.ts';

const zoneAllowed = 'must be an IANA time zone such as Europe/Berlin';
const broker = z.string('must be mqtts://HOST:PORT').superRefine((url, context) => {
  const problem = brokerProblem(url);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});
const pin = wholeNumber(2, 19);
const suffix = z.enum(['CR', 'LF', 'CRLF']);

const serialScannerSchema = z.strictObject(
  {
    kind: z.literal('serial'),
    path,
    baudRate: wholeNumber(9_600, 921_600).default(115_200),
    suffix: suffix.default('CR'),
    prefix: text(0, 8).default(''),
    aimIdentifier: flag.default(false),
    binaryCodes: flag.default(false),
  },
  aGroup,
);

const usbId = pattern(/^[0-9a-fA-F]{4}$/, 'must be 4 hexadecimal digits').transform((digits) =>
  Number.parseInt(digits, 16),
);

const hidScannerSchema = z
  .strictObject(
    {
      kind: z.literal('hid'),
      path: path.optional(),
      vendorId: usbId.optional(),
      productId: usbId.optional(),
      serialNumber: text(1, 126).optional(),
      profile: z.enum(['auto', ...hidProfiles]).default('auto'),
    },
    aGroup,
  )
  .refine(
    ({ path: device, vendorId, productId }) =>
      device === undefined
        ? vendorId !== undefined && productId !== undefined
        : vendorId === undefined && productId === undefined,
    'must name either path, or vendorId and productId',
  );

/** A configuration that names no kind means a serial line. */
const scannerSchema = z.preprocess(
  (value) => (typeof value === 'object' && value !== null && !('kind' in value) ? { kind: 'serial', ...value } : value),
  z.discriminatedUnion('kind', [serialScannerSchema, hidScannerSchema], {
    error: ({ input }) => (typeof input === 'object' && input !== null ? 'allowed: serial, hid' : aGroup),
  }),
);

const indicatorSchema = z.strictObject(
  {
    path,
    baudRate: wholeNumber(9_600, 921_600).default(57_600),
    reportVersionTimeoutMs: wholeNumber(1, 5_000).default(50),
    firmware: text(1, 64).optional(),
    pins: z
      .strictObject(
        {
          green: pin.default(4),
          red: pin.default(5),
          amber: pin.default(6),
          white: pin.default(7),
          buzzer: pin.default(8),
        },
        aGroup,
      )
      .prefault({})
      .refine((pins) => new Set(Object.values(pins)).size === 5, 'each pin may be used once'),
  },
  aGroup,
);

/** Tried in order. */
export const brokers = listOf(broker, 1, 8, 'addresses');

/** The authority that signed the broker, and the terminal's own certificate and key, all PEM. */
export const tlsSchema = z.strictObject({ caFile: path, certificateFile: path, keyFile: path }, aGroup);
export type TlsFiles = z.infer<typeof tlsSchema>;

export const tlsFrom = (tls: TlsFiles, from: (relative: string) => string): TlsFiles => ({
  caFile: from(tls.caFile),
  certificateFile: from(tls.certificateFile),
  keyFile: from(tls.keyFile),
});

/** The site's own broker, and the file of the key that its machines share; without, no neighbour is heard. */
export const network = z.strictObject({ brokers, keyFile: path }, aGroup).optional();

/** The keys of every machine; each adds `machine` and its own. */
export const sharedKeys = {
  identityFile: path,
  dataFolder: path,
  timeZone: z.string(zoneAllowed).default('UTC').refine(isTimeZone, zoneAllowed),
  serviceDayStart: clockTime.default('04:30'),
  rtcKeepsPower: flag.default(true),
  bootId: pattern(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits').optional(),
  scanner: scannerSchema,
  indicator: indicatorSchema,
  formats: formatsSchema,
  brokers,
  tls: tlsSchema.optional(),
  /** How long after a badge the acts are its bearer's. */
  staff: z.strictObject({ actWithinSeconds: wholeNumber(5, 120).default(20) }, aGroup).prefault({}),
  journal: z
    .strictObject({ sizeCapMebibytes: wholeNumber(8, 4_096).default(500) }, aGroup)
    .default({ sizeCapMebibytes: 500 }),
  log: z
    .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info') }, aGroup)
    .default({ level: 'info' }),
};
