// Which broker a head end speaks through: its own in this process, or one elsewhere over mTLS.
import { z } from 'zod';
import { brokerProblem, isEncrypted } from '../../../sync/terminal/link/broker-address.ts';
import { aGroup } from '../config/fields.ts';
import { type TlsFiles, tlsSchema } from '../config/shared.ts';

const url = z.string('must be mqtts://HOST:PORT').superRefine((value, context) => {
  const problem = brokerProblem(value);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});

export const brokerSchema = z
  .discriminatedUnion(
    'kind',
    [
      z.strictObject({ kind: z.literal('embedded') }, aGroup),
      z
        .strictObject({ kind: z.literal('mqtt'), url, tls: tlsSchema.optional() }, aGroup)
        .refine((broker) => broker.tls !== undefined || !isEncrypted(broker.url), {
          path: ['tls'],
          error: 'must name caFile, certificateFile and keyFile, because the broker is mqtts://',
        }),
    ],
    { error: ({ input }) => (typeof input === 'object' && input !== null ? 'allowed: embedded, mqtt' : aGroup) },
  )
  .prefault({ kind: 'embedded' });

export type BrokerConfig =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'mqtt'; readonly url: string; readonly tls: TlsFiles | null };
