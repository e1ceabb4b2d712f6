// A gate lane as its sync sees it: who carries out commands of the head end, and who spends the places of its zone.
import type { CommandPort, LeasePort } from '../../../sync/terminal/ports.ts';
import type { TerminalSyncOptions } from '../../../sync/terminal/terminal-sync.ts';
import type { Command } from '../../../sync/wire/command.ts';
import { StileError } from '../../core/errors.ts';
import type { LaneCommand } from '../../machines/gate-lane/input.ts';
import type { GateLaneDesk } from '../../terminal/gate-lane/gate-lane-desk.ts';
import type { GateLaneTerminalConfig } from '../config/gate-lane.ts';

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
