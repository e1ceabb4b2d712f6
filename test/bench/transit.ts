// Verification of transit codes of JT/T 1179, whose SM2 signatures portable code checks: a phone seen before costs one
// check, a new one two, and the certificate of its issuer is known to both.
import type { Contender } from './interleave.ts';
import { built, loadProduct } from './product.ts';

export async function transitContenders(): Promise<readonly Contender[]> {
  const product = await loadProduct();
  const { TransitScheme } = await built<typeof import('../../simulators/issuer/transit-scheme.ts')>(
    'simulators/issuer/transit-scheme',
  );
  const { jtt1179 } = await built<typeof import('../../runtime/tokens/jtt1179/jtt1179.ts')>(
    'runtime/tokens/jtt1179/jtt1179',
  );
  const { CredentialCache } = await built<typeof import('../../runtime/tokens/credential-cache.ts')>(
    'runtime/tokens/credential-cache',
  );
  const { ReplayRing } =
    await built<typeof import('../../runtime/tokens/replay-ring.ts')>('runtime/tokens/replay-ring');
  const { openTrustList } =
    await built<typeof import('../../runtime/tokens/trust-list.ts')>('runtime/tokens/trust-list');
  const { defaultLimits } = await built<typeof import('../../runtime/tokens/verifier.ts')>('runtime/tokens/verifier');
  const clock = new product.SystemClock();
  const time = new product.TrustedTime({ clock, floorMs: 0, rtcKeptPower: true });
  const keys = product.OperatorKeys.create('demo');
  const scheme = new TransitScheme('a1b2c3d4', product.systemEntropy);
  const now = product.secondsOf(clock.wallMs());
  const opened = openTrustList(keys.trustList([scheme], 1, now), 'demo', keys.rootSet, null);
  if (!opened.ok) throw new Error(opened.detail);
  const cache = new CredentialCache();
  const ring = new ReplayRing();
  const verify = (code: Uint8Array): void => {
    const context = { now: time.now(), trust: opened.view, limits: defaultLimits, cache };
    const lookups = {
      ring,
      deny: null,
      status: () => null,
      defect: (_format: string, error: unknown) => {
        throw error;
      },
    };
    const verdict = product.verifyCode(code, clock.monoMs(), context, lookups, [jtt1179]);
    if (!verdict.accepted) throw new Error(`a timed transit code was refused: ${verdict.reason}`);
  };
  /** Kept by the phone while it shows one code after the other. */
  const terms = { authorisationExpiry: now + 86_400 };
  const known = scheme.phone();
  verify(known.show(now, terms));
  const contender = (name: string, phone: () => ReturnType<typeof scheme.phone>): Contender => {
    let code: Uint8Array = new Uint8Array();
    return {
      name,
      prepare: () => {
        code = phone().show(product.secondsOf(clock.wallMs()), terms);
      },
      run: () => verify(code),
    };
  };
  return [contender('jtt1179_cached', () => known), contender('jtt1179_new_phone', () => scheme.phone())];
}
