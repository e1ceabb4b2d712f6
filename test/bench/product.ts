// The parts of the built product that the benchmarks put together: `dist` is measured, not what a
// development loader makes of the sources (it wraps functions, and its processes carry a compiler).
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export async function loadProduct() {
  return {
    ...(await built<typeof import('../../runtime/core/brand.ts')>('runtime/core/brand')),
    ...(await built<typeof import('../../runtime/core/bytes.ts')>('runtime/core/bytes')),
    ...(await built<typeof import('../../runtime/core/cbor.ts')>('runtime/core/cbor')),
    ...(await built<typeof import('../../runtime/core/clock.ts')>('runtime/core/clock')),
    ...(await built<typeof import('../../runtime/core/entropy.ts')>('runtime/core/entropy')),
    ...(await built<typeof import('../../runtime/core/event.ts')>('runtime/core/event')),
    ...(await built<typeof import('../../runtime/core/log.ts')>('runtime/core/log')),
    ...(await built<typeof import('../../runtime/core/trusted-time.ts')>('runtime/core/trusted-time')),
    ...(await built<typeof import('../../runtime/fares/fare-document.ts')>('runtime/fares/fare-document')),
    ...(await built<typeof import('../../runtime/machines/validator/config.ts')>('runtime/machines/validator/config')),
    ...(await built<typeof import('../../runtime/provisioning/identity.ts')>('runtime/provisioning/identity')),
    ...(await built<typeof import('../../runtime/records/business-day.ts')>('runtime/records/business-day')),
    ...(await built<typeof import('../../runtime/store/list-store.ts')>('runtime/store/list-store')),
    ...(await built<typeof import('../../runtime/store/open-journal.ts')>('runtime/store/open-journal')),
    ...(await built<typeof import('../../runtime/terminal/held-documents.ts')>('runtime/terminal/held-documents')),
    ...(await built<typeof import('../../runtime/terminal/recovery.ts')>('runtime/terminal/recovery')),
    ...(await built<typeof import('../../runtime/records/row.ts')>('runtime/records/row')),
    ...(await built<typeof import('../../runtime/terminal/validator/recovered-trip.ts')>(
      'runtime/terminal/validator/recovered-trip',
    )),
    ...(await built<typeof import('../../runtime/terminal/validator/validator-desk.ts')>(
      'runtime/terminal/validator/validator-desk',
    )),
    ...(await built<typeof import('../../runtime/tokens/verify.ts')>('runtime/tokens/verify')),
    ...(await built<typeof import('../../runtime/terminal/terminal.ts')>('runtime/terminal/terminal')),
    ...(await built<typeof import('../../runtime/tokens/deny.ts')>('runtime/tokens/deny')),
    ...(await built<typeof import('../../runtime/tokens/keys.ts')>('runtime/tokens/keys')),
    ...(await built<typeof import('../../simulators/issuer/issuer.ts')>('simulators/issuer/issuer')),
    ...(await built<typeof import('../../simulators/issuer/root.ts')>('simulators/issuer/root')),
    ...(await built<typeof import('../../simulators/wallet/wallet.ts')>('simulators/wallet/wallet')),
  };
}
export type Product = Awaited<ReturnType<typeof loadProduct>>;

/** The built module of a source file, e.g. `runtime/terminal/terminal`; its type is the source's. */
export function built<Module>(source: string): Promise<Module> {
  const url = new URL(`../../dist/${source}.js`, import.meta.url);
  if (!existsSync(url)) throw new Error(`${fileURLToPath(url)} is missing: run \`npm run build\` first`);
  return import(url.href) as Promise<Module>;
}
