// Checks of the money: each code charged once, each charge traced to a genuine code that was shown,
// each genuine code answered, and the head end's second pass agreeing.
import { type Findings, mustBeRefused, placeOf, shortHex } from './findings.ts';
import { outagesOf } from './outages.ts';
import type { WalletLine } from './tour.ts';
import type { RowFacts } from './tour-row.ts';
import { judge, type TourCheck } from './verdict.ts';

export function checkOneChargePerCode({ charges }: Findings): TourCheck {
  const first = new Map<string, RowFacts>();
  const faults: string[] = [];
  for (const row of charges) {
    const earlier = row.digest === null ? undefined : first.get(row.digest);
    if (row.digest === null) faults.push(`${placeOf(row)} charges without naming a code`);
    else if (earlier) faults.push(`code ${shortHex(row.digest)} charged at ${placeOf(earlier)} and at ${placeOf(row)}`);
    else first.set(row.digest, row);
  }
  return judge(
    'one-charge-per-code',
    charges.length,
    faults,
    `${charges.length} charges, ${first.size} different codes`,
  );
}

/** A phone left on the glass shows many codes of one account: they make one ride. */
export function checkLingering({ tour, charges }: Findings): TourCheck {
  const groups = lingeringGroups(tour.wallet, tour.story.steps);
  const faults: string[] = [];
  for (const group of groups) {
    const digests = new Set(group.map((line) => line.digest));
    const within = (row: RowFacts) =>
      row.account === group[0]?.account && row.tMonoMs * 1000 >= startUs(group) && row.tMonoMs * 1000 <= endUs(group);
    const made = charges.filter((row) => (row.digest !== null && digests.has(row.digest)) || within(row));
    if (made.length !== 1)
      faults.push(
        `the phone of account ${group[0]?.account ?? 'unknown'} showed ${group.length} codes and was charged ${made.length} times`,
      );
  }
  const codes = groups.reduce((sum, group) => sum + group.length, 0);
  return judge(
    'lingering-phone-one-charge',
    codes,
    faults,
    `${codes} codes on ${groups.length} lingering phone(s), one charge each`,
  );
}

/** Lingering lines by account and step, each in order of time. */
function lingeringGroups(
  wallet: readonly WalletLine[],
  steps: readonly { readonly fromUs: number; readonly toUs: number }[],
): readonly (readonly WalletLine[])[] {
  const groups = new Map<string, WalletLine[]>();
  for (const line of wallet.filter(({ story }) => story === 'linger')) {
    const step = steps.findIndex(({ fromUs, toUs }) => line.atUs >= fromUs && line.atUs <= toUs);
    const key = `${step} ${line.account}`;
    const group = groups.get(key);
    if (group) group.push(line);
    else groups.set(key, [line]);
  }
  return [...groups.values()];
}

const startUs = (group: readonly WalletLine[]): number => Math.min(...group.map((line) => line.atUs));
const endUs = (group: readonly WalletLine[]): number => Math.max(...group.map((line) => line.atUs));

export function checkChargesWereShown({ tour, charges }: Findings): TourCheck {
  const shown = new Set(tour.wallet.map((line) => line.digest));
  const faults = charges
    .filter((row) => !shown.has(row.digest))
    .map((row) => `${placeOf(row)} charges a code nobody showed`);
  return judge(
    'every-charge-was-shown',
    charges.length,
    faults,
    `${charges.length} charges lead back to the wallet's log`,
  );
}

/** A digest that an earlier, good presentation made chargeable is left to one-charge-per-code. */
export function checkNonGenuine({ tour, charges }: Findings): TourCheck {
  const chargeable = new Set(tour.wallet.filter((line) => !mustBeRefused(line)).map((line) => line.digest));
  const refused = tour.wallet.filter(mustBeRefused);
  const stories = new Map(
    refused.filter(({ digest }) => digest !== null && !chargeable.has(digest)).map((line) => [line.digest, line.story]),
  );
  const faults = charges
    .filter((row) => stories.has(row.digest))
    .map((row) => `${placeOf(row)} charges a code of the story "${stories.get(row.digest)}"`);
  return judge('no-charge-for-nongenuine', refused.length, faults, `${refused.length} codes to refuse, none charged`);
}

const heldStories: ReadonlySet<string> = new Set(['repeat', 'linger']);

/**
 * Each genuine code is charged; a repeat or a lingering phone belongs to the ride its account has made.
 * Only a code shown while the terminal was dead may go unanswered, and then without a charge.
 */
export function checkEveryRideAnswered(findings: Findings): TourCheck {
  const { tour, charges } = findings;
  const outages = outagesOf(findings);
  const codes = new Set(charges.map((row) => row.digest));
  const accounts = new Set(charges.map((row) => row.account));
  const answered = (line: WalletLine) =>
    (line.digest !== null && codes.has(line.digest)) ||
    (heldStories.has(line.story) && line.account !== null && accounts.has(line.account));
  const genuine = tour.wallet.filter((line) => !mustBeRefused(line));
  const unanswered = genuine.filter((line) => !answered(line));
  const lost = unanswered.filter(
    (line) => !outages.some(({ fromUs, toUs }) => line.atUs >= fromUs && line.atUs <= toUs),
  );
  const faults = lost.map((line) => `the code shown at ${line.atUs} us ("${line.story}") was never accepted`);
  const excused = unanswered.length - lost.length;
  return judge(
    'every-genuine-ride-answered',
    genuine.length,
    faults,
    `${genuine.length} genuine codes; ${excused} shown while the terminal was dead`,
  );
}

const goodVerdict = 'good';

export function checkEvidence({ tour, charges }: Findings): TourCheck {
  const ofBus = tour.headEnd.filter(({ terminal }) => terminal === tour.story.terminal);
  const verdicts = new Map(ofBus.map((row) => [placeOf(row), row.verdict]));
  const faults = charges.flatMap((row) => {
    const verdict = verdicts.get(placeOf(row));
    if (!row.hasEvidence) return [`${placeOf(row)} carries no evidence`];
    // A row that never arrived is the fault of journal-head-end-equal.
    return verdict === undefined || verdict === goodVerdict
      ? []
      : [`${placeOf(row)} has the verdict ${verdict ?? 'none'}`];
  });
  return judge(
    'evidence-verdicts',
    charges.length,
    faults,
    `the head end verified the evidence of ${charges.length} charges again`,
  );
}

export function checkRefusals({ refusals }: Findings): TourCheck {
  const faults = refusals
    .filter((row) => row.account !== null || row.digest !== null || row.hasEvidence)
    .map((row) => `${placeOf(row)} is a refusal and names an account, a code or evidence`);
  return judge(
    'refusals-name-nobody',
    refusals.length,
    faults,
    `${refusals.length} refusals, none names a person or a code`,
  );
}
