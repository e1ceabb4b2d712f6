// What the page may ask of the museum, as the server reads it: exactly the acts, nothing beside them.
import { z } from 'zod';
import { laneTickets, type MuseumAct, offerKinds, passages } from './museum-world.ts';

const name = z.string().min(1).max(64);
const slot = z.int().min(1).max(999);

export const MuseumBody: z.ZodType<MuseumAct> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ticket'), lane: name, ticket: z.enum(laneTickets) }),
  z.strictObject({ kind: z.literal('person'), lane: name, does: z.enum(passages) }),
  z.strictObject({ kind: z.literal('fire'), on: z.boolean() }),
  z.strictObject({ kind: z.literal('borrow'), cabinet: name, by: z.enum(['loanCode', 'paper', 'phone']) }),
  z.strictObject({ kind: z.literal('take'), cabinet: name, slot }),
  z.strictObject({ kind: z.literal('pressReturn'), cabinet: name }),
  z.strictObject({ kind: z.literal('putBack'), cabinet: name, slot, item: name.nullable() }),
  z.strictObject({ kind: z.literal('jam'), cabinet: name, slot, on: z.boolean() }),
  z.strictObject({ kind: z.literal('kill'), terminal: name }),
  z.strictObject({ kind: z.literal('restart'), terminal: name }),
  z.strictObject({ kind: z.literal('network'), terminal: name, cut: z.boolean() }),
  z.strictObject({ kind: z.literal('reader'), terminal: name, plugged: z.boolean() }),
  z.strictObject({ kind: z.literal('mute'), terminal: name, on: z.boolean() }),
  z.strictObject({ kind: z.literal('buy'), offer: z.enum(offerKinds) }),
]);
