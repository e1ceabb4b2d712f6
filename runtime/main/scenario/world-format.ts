// What is given when a scenario begins: place and time, who is trusted, lists, prices and rules, the codes
// that people carry under names of the file's own, and the machines.
import { z } from 'zod';
import { machineSchema } from './machine-format.ts';
import {
  localDateTime,
  localName,
  machineName,
  minorUnits,
  productNumber,
  scenarioBounds,
  secondsCount,
  upOrDown,
} from './names.ts';

const named = <T extends z.ZodType>(value: T) =>
  z.record(localName, value).refine((names) => Object.keys(names).length <= scenarioBounds.names, {
    message: `must have at most ${scenarioBounds.names} names`,
  });

const issuerName = z.string().regex(/^[A-Za-z0-9_-]{1,16}$/, 'must be 1 to 16 of A-Z a-z 0-9 _ -');

const account = z.strictObject({
  issuer: issuerName.optional().describe('Default: the first of issuers.'),
  product: productNumber.optional().describe('Default 1.'),
  number: localName.optional().describe('Accounts with the same word here have the same account number.'),
  capMinor: minorUnits.optional().describe('Fare cap in the credential; default 1000.'),
  lifeSeconds: secondsCount.optional().describe('Life of the credential from the start on; default 3 days.'),
  rotateSeconds: z.int().min(1).max(240).optional().describe('How often the phone shows a new code; default 5.'),
});

const ticketKinds = ['ticket', 'loan', 'bearer'] as const;
const ticket = z.strictObject({
  kind: z.enum(ticketKinds).optional().describe('ticket (default), loan authorisation, or online bearer code.'),
  issuer: issuerName.optional(),
  product: productNumber.optional().describe('Default 1; a loan has none.'),
  from: localDateTime.optional().describe('ticket: default the start of the story.'),
  to: localDateTime.optional().describe('ticket: first second after it; default a day after the start.'),
  soldSecondsAgo: secondsCount.optional().describe('When it was signed, before the start; default 30.'),
  uses: z.int().min(1).max(1_000).optional(),
  site: secondsCount.nullable().optional().describe("Default: the world's site; null: none, where the kind allows it."),
  gates: z.array(z.int().min(0).max(63)).optional().describe('Gate groups it is good for; default all.'),
  home: machineName.optional().describe('Made so that its home machine is this one.'),
  account: localName.optional().describe('loan, bearer: whose; default its own name.'),
  depositMinor: minorUnits.optional().describe('loan: default 0.'),
  language: z
    .string()
    .regex(/^[a-z]{2}$/, 'must be two letters')
    .optional(),
});
export type TicketSetting = z.infer<typeof ticket>;
export type AccountSetting = z.infer<typeof account>;

/** A document's body is checked by the decoder of the document itself, as on a terminal. */
export const documentBody = z.record(z.string(), z.unknown());

export const denySchema = z.strictObject({
  ageSeconds: secondsCount.nullable().optional().describe('Since it was signed; default 60; null: there is none yet.'),
  denied: z.array(localName).max(scenarioBounds.names).optional().describe('Accounts and tickets on it.'),
});
export type DenySetting = z.infer<typeof denySchema>;

export const worldSchema = z.strictObject({
  timeZone: z.string().max(64).optional().describe('IANA name; default UTC. Local times of the file are in it.'),
  starts: localDateTime.optional().describe('When the story begins; default 2026-01-05T08:00:00.'),
  site: secondsCount.optional().describe('Number of the site; default 1.'),
  clock: z
    .strictObject({
      trust: z
        .enum(['synced', 'holdover', 'lost'])
        .optional()
        .describe('synced (default); holdover: a clock that kept time alone; lost: only its floor is known.'),
      shows: localDateTime.optional().describe('lost: what the wall clock says; default 1970-01-01T00:00:05.'),
    })
    .optional(),
  network: z.strictObject({ headEnd: upOrDown.optional(), site: upOrDown.optional() }).optional(),
  storage: z.enum(['normal', 'warning', 'restricted', 'full', 'unavailable']).optional(),
  issuers: z.array(issuerName).min(1).max(16).optional().describe('Default: one, named metro.'),
  trusted: z.array(issuerName).max(16).optional().describe('Issuers on the trust list; default all.'),
  deny: denySchema.optional(),
  accounts: named(account).optional(),
  tickets: named(ticket).optional(),
  fares: documentBody.optional().describe('Body of a fares document.'),
  rules: documentBody.optional().describe('Body of an access rules document.'),
  guides: z
    .record(
      z.string().regex(/^\d{1,5}$/, 'must be a product number'),
      z.strictObject({
        guides: z.int().min(0).max(100).describe('Audio guides that one ticket of the product includes.'),
        highValue: z.boolean().optional(),
      }),
    )
    .optional()
    .describe('By product number.'),
  fleet: named(z.array(z.string().regex(/^[a-z]{2}$/, 'must be two letters')))
    .optional()
    .describe('Items of the fleet by tag, each with its languages.'),
  loanTerms: z
    .strictObject({
      freeMinutes: z.int().min(0),
      periodMinutes: z.int().min(1),
      periodMinor: minorUnits,
      dailyMaxMinor: minorUnits,
      lostMinor: minorUnits,
    })
    .optional()
    .describe('What a loan costs; makes the counter loanFeesMinor.'),
  machines: z
    .record(machineName, machineSchema)
    .refine((machines) => Object.keys(machines).length >= 1, { message: 'must have at least one machine' })
    .refine((machines) => Object.keys(machines).length <= scenarioBounds.machines, {
      message: `must have at most ${scenarioBounds.machines} machines`,
    }),
});
export type WorldSetting = z.infer<typeof worldSchema>;
