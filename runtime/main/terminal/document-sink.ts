// Joins the downlink to the documents a terminal holds: what sync verified goes to where it is used.

import type { DocumentSink } from '../../../sync/terminal/ports.ts';
import { unixSeconds } from '../../core/brand.ts';
import type { HeldDocuments } from '../../terminal/held-documents.ts';

export function documentSink(documents: HeldDocuments): DocumentSink {
  return {
    readTrust: (bytes) => {
      const opened = documents.readTrust(bytes);
      return opened.ok
        ? { ok: true, gen: opened.floor.gen, version: opened.floor.version }
        : { ok: false, problem: `${opened.refusal}: ${opened.detail}` };
    },
    takeTrust: (bytes) => documents.takeTrust(bytes),
    takeDeny: (header, head, bytes) =>
      documents.takeDeny({ version: header.version, issuedAt: header.iat }, head.hash, bytes),
    confirmDeny: async (header) => documents.confirmDeny(unixSeconds(header.iat)),
    takeFares: (header, head, bytes) =>
      documents.takeFares({ version: header.version, issuedAt: header.iat }, head.hash, bytes),
    takeRules: (header, head, bytes) =>
      documents.takeRules({ version: header.version, issuedAt: header.iat }, head.hash, bytes),
    keyOf: (kid) => documents.trust?.documentKey(kid) ?? null,
    inForce: (name) => documents.inForce(name),
  };
}
