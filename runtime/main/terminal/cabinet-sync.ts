// A cabinet as others see it: who carries out commands of the head end, whom the other cabinets of its site ask, and the
// address that its screen shows for a phone.

import type { CommandPort } from '../../../sync/terminal/ports.ts';
import { cabinetCodeAddress } from '../../../sync/wire/cabinet-code.ts';
import type { Command } from '../../../sync/wire/command.ts';
import { type MonoMs, unixSeconds } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import { StileError } from '../../core/errors.ts';
import type { Moment } from '../../core/trusted-time.ts';
import type { DispenseCommand } from '../../machines/cabinet/input.ts';
import type { Identity } from '../../provisioning/identity.ts';
import type { CabinetDesk } from '../../terminal/cabinet/cabinet-desk.ts';
import { decisionOf, type SiteMember } from './site-network.ts';

/** A lost network shows within one and a half of it, so that no code stays that leads nowhere. */
export const codeKeepaliveSeconds = 1;

export const cabinetCommands = (desk: Pick<CabinetDesk, 'dispense'>): CommandPort => ({
  acts: ['dispense'],
  carryOut: async (command, floor) => desk.dispense(dispenseOf(command), [floor]),
  answerAgain: async (command) => desk.dispense(dispenseOf(command), []),
});

function dispenseOf({ commandId, notAfter, act, nonce }: Command): DispenseCommand {
  if (act.kind === 'dispense' && nonce !== null) {
    const { order, slot, language } = act;
    return { commandId, notAfter, nonce, order, slot, language };
  }
  throw new StileError('DOCUMENT_REFUSED', `a cabinet does not carry out "${act.kind}"`, {
    remedy: 'Send it to a machine that does.',
  });
}

export const cabinetMember = (desk: CabinetDesk): SiteMember => ({
  port: {
    onClaim: async (from, subject) => {
      const answer = await desk.claim(from, subject);
      return answer === null ? null : { decision: decisionOf(answer, subject.uses), use: null };
    },
    onSettled: async (from, { subject, actId, outcome }) => {
      // A guide that was lent is never let out: no cabinet says so.
      if (outcome !== 'exited') await desk.settled(from, { ...subject, actId, outcome });
    },
  },
  answered: ({ claimId, granted, atMonoMs }) => desk.heard({ kind: 'ClaimAnswer', claimId, granted, atMonoMs }),
  // A cabinet asks, and by silence knows.
  reachable: () => {},
});

/** `expiresMonoMs` becomes the end by the terminal's clock; where nobody trusts that, the code says so. */
export function codeAddress(
  page: string,
  { operator, terminal, journalKey }: Pick<Identity, 'operator' | 'terminal' | 'journalKey'>,
  { nonce, expiresMonoMs }: { readonly nonce: Bytes; readonly expiresMonoMs: MonoMs },
  { wallMs, monoMs, state }: Pick<Moment, 'wallMs' | 'monoMs' | 'state'>,
): string {
  const expires = unixSeconds(Math.floor((wallMs + expiresMonoMs - monoMs) / 1_000));
  const code = { terminal, nonce, expires, untimed: state === 'UNTRUSTED' };
  return cabinetCodeAddress(page, operator, code, (message) => journalKey.sign(message));
}
