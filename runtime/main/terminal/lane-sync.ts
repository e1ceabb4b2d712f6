// A gate lane as others see it: who carries out commands of the head end, who spends the places of its zone, and whom
// the other lanes of its site ask.
import type { ClaimPort } from '../../../sync/terminal/claims.ts';
import type { CommandPort, LeasePort } from '../../../sync/terminal/ports.ts';
import type { TerminalSyncOptions } from '../../../sync/terminal/terminal-sync.ts';
import type { Command } from '../../../sync/wire/command.ts';
import { unixSeconds } from '../../core/brand.ts';
import { StileError } from '../../core/errors.ts';
import type { LaneCommand } from '../../machines/gate-lane/input.ts';
import { encodeTicketUse } from '../../machines/shared/use-ledger.ts';
import type { GateLaneDesk } from '../../terminal/gate-lane/gate-lane-desk.ts';
import type { GateLaneTerminalConfig } from '../config/gate-lane.ts';
import { decisionOf, type SiteMember } from './site-network.ts';

/** Asked for at a time: a few minutes of a busy lane. */
const leasedPlaces = 50;

export function laneSync(
  { site }: GateLaneTerminalConfig,
  desk: GateLaneDesk,
): Pick<TerminalSyncOptions, 'commands' | 'leases'> {
  const commands = commandPort(desk);
  if (site.capacity === 'unlimited') return { commands };
  const { number, zone } = site;
  return { commands, leases: { site: String(number), zone, places: leasedPlaces, port: leasePort(desk) } };
}

const commandPort = (desk: GateLaneDesk): CommandPort => ({
  acts: ['hold'],
  carryOut: ({ commandId, notAfter, act }, floor) =>
    desk.command({ commandId, notAfter, command: laneCommandOf(act) }, [floor]),
  answerAgain: ({ commandId }) => desk.answerAgain(commandId),
});

/** A command can hold the lane. None opens it: that takes a ticket, or staff beside it. */
function laneCommandOf(act: Command['act']): LaneCommand {
  if (act.kind === 'hold') return act.on ? { kind: 'hold', waitMinutes: act.waitMinutes } : { kind: 'resume' };
  throw new StileError('DOCUMENT_REFUSED', `a gate lane does not carry out "${act.kind}"`, {
    remedy: 'Send it to a machine that does.',
  });
}

const leasePort = (desk: GateLaneDesk): LeasePort => ({
  current: () => desk.lease(),
  committed: () => desk.committed(),
  take: ({ lease, places, expiresAt }) => desk.takeLease({ lease, admissions: places, expiresAt, waitMinutes: null }),
});

export const laneMember = (desk: GateLaneDesk): SiteMember => ({
  port: claimPort(desk),
  answered: (answer) => desk.heard({ kind: 'ClaimAnswer', ...answer }),
  reachable: (site, atMonoMs) => desk.heard({ kind: 'Network', site, atMonoMs }),
});

const claimPort = (desk: GateLaneDesk): ClaimPort => ({
  onClaim: async (from, subject) => {
    const answer = await desk.claim(from, { ...subject, validUntil: unixSeconds(subject.validUntil) });
    if (!answer) return null;
    const { granted, use } = answer;
    const decision = decisionOf({ granted, entries: use?.entries ?? 0 }, subject.uses);
    return { decision, use: use === null ? null : encodeTicketUse(use) };
  },
  onSettled: (from, { subject, actId, outcome, more }) =>
    desk.settled(from, { ...subject, validUntil: unixSeconds(subject.validUntil), actId, outcome, more }),
});
