// The independent verdict over a finished tour. It reads only what the tour left in its folder, after
// every process has ended, and shares no code with the terminal that is being judged.
import {
  checkChargesWereShown,
  checkEveryRideAnswered,
  checkEvidence,
  checkLingering,
  checkNonGenuine,
  checkOneChargePerCode,
  checkRefusals,
} from './charge-checks.ts';
import { checkNoGreenBeforeCommit, checkSignalled } from './cue-checks.ts';
import { EvidenceProblem, fingerprint } from './evidence-files.ts';
import { type Findings, findingsOf } from './findings.ts';
import { museumChecks } from './museum-checks.ts';
import { checkChain, checkDatabases, checkDelivery } from './stored-checks.ts';
import { checkKills, checkNothingEmpty, checkStory } from './story-checks.ts';
import { filesOfTour, readTour, type Tour } from './tour.ts';
import { judge, type TourCheck, type TourVerdict, verdictOf } from './verdict.ts';

/** Never throws for what is in the folder: a folder that cannot be read is a red verdict. */
export function checkTour(directory: string): TourVerdict {
  const before = fingerprint(directory, filesOfTour(directory));
  const tour = readOrExplain(directory);
  const checks =
    typeof tour === 'string' ? [judge('folder-readable', 0, [tour], '')] : checksOf(tour, filesOfTour(directory).size);
  return verdictOf([...checks, checkUntouched(before, fingerprint(directory, filesOfTour(directory)))]);
}

function checksOf(tour: Tour, files: number): readonly TourCheck[] {
  const findings: Findings = findingsOf(tour);
  return [
    judge('folder-readable', files, [], 'every file is there and can be read'),
    checkDatabases(tour),
    checkChain(tour),
    checkDelivery(tour),
    checkSignalled(findings),
    checkNoGreenBeforeCommit(findings),
    checkOneChargePerCode(findings),
    checkLingering(findings),
    checkChargesWereShown(findings),
    checkNonGenuine(findings),
    checkEveryRideAnswered(findings),
    checkEvidence(findings),
    checkRefusals(findings),
    checkKills(findings),
    checkStory(findings),
    checkNothingEmpty(findings),
    ...(tour.museum === null ? [] : museumChecks(tour.museum)),
  ];
}

function readOrExplain(directory: string): Tour | string {
  try {
    return readTour(directory);
  } catch (error) {
    if (error instanceof EvidenceProblem) return error.message;
    throw error;
  }
}

/** Compares two fingerprints of the folder, taken before and after. */
export function checkUntouched(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): TourCheck {
  const faults = [...new Set([...before.keys(), ...after.keys()])]
    .filter((file) => before.get(file) !== after.get(file))
    .map(
      (file) => `${file} changed while it was being checked: a process is still running, or the checker is at fault`,
    );
  return judge('folder-untouched', before.size, faults, `${before.size} files have the same bytes as before the check`);
}
