// Many accounts on few phone keys: a terminal sees a new credential all the same, and the process that
// plays the phones spends its time on codes. (Thousands of key generations beside a small heap have also
// been seen to stop Node 20 for good, waiting on a lock of its own.)
import type { UnixSeconds } from '../../runtime/core/brand.ts';
import type { Issuer } from '../../simulators/issuer/issuer.ts';
import type { Wallet } from '../../simulators/wallet/wallet.ts';
import { built, type Product } from './product.ts';

export type HolderCurve = 'Ed25519' | 'P-256';

const keysPerCurve = 16;

export async function makeRiders(
  { Wallet: WalletOf, holderOf, algorithms }: Product,
  issuer: Issuer,
  issuedAt: UnixSeconds,
): Promise<(curve: HolderCurve) => Wallet> {
  const { makeKeyPair } =
    await built<typeof import('../../simulators/issuer/key-pair.ts')>('simulators/issuer/key-pair');
  const pool = (alg: Parameters<typeof makeKeyPair>[0]) => Array.from({ length: keysPerCurve }, () => makeKeyPair(alg));
  const keys = { Ed25519: pool(algorithms.EdDSA), 'P-256': pool(algorithms.ES256) };
  let made = 0;
  return (curve) => {
    const key = keys[curve][made++ % keysPerCurve];
    if (!key) throw new Error('no key');
    const account = issuer.newAccount();
    return new WalletOf({ key, account, credential: issuer.credential(holderOf(key), account, issuedAt) });
  };
}
