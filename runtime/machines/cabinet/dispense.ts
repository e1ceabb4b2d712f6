// Flow P, the command's side: the head end says that a visitor who scanned this machine's code may have a
// guide. One motion per order id, however often the command is delivered.
import { secondsOf } from '../../core/brand.ts';
import { hex } from '../../core/bytes.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import { recordDecline } from '../shared/declines.ts';
import { messages } from '../shared/messages.ts';
import { eligibleSlots } from './choice.ts';
import { spendNonce } from './codes.ts';
import { stockReason, storageReason } from './decide.ts';
import type { CabinetDraft } from './draft.ts';
import type { DispenseCommand } from './input.ts';
import type { Answer } from './order.ts';
import { beginOrder } from './orders.ts';

export function dispense(draft: CabinetDraft, command: DispenseCommand): void {
  if (draft.facts.storage === 'unavailable') return draft.ignore();
  const known = draft.state.ledger.answers.get(hex(command.order));
  if (known !== undefined) return repeatAnswer(draft, command, known);
  const inTime = !isLate(draft, command) && spendNonce(draft, command.nonce);
  if (!inTime) return refuseCommand(draft, command, 'COMMAND_EXPIRED');
  const { state, facts } = draft;
  const reason = storageReason(facts) ?? stockReason(state, facts, command.language);
  const slots = eligibleSlots(state, facts, command.language);
  const slot = slots.find((eligible) => eligible.slot === command.slot) ?? slots[0];
  if (reason !== null || slot === undefined) return cancel(draft, command, reason ?? 'NO_STOCK');
  beginOrder(
    draft,
    slot,
    { ...names(command), tx: draft.freshTx(), language: command.language ?? undefined, trigger: 'command' },
    null,
  );
  answer(draft, command, { reason: 'OK', ending: null }, false);
}

/** With an untrusted clock the nonce alone says how old the command can be. */
const isLate = ({ facts }: CabinetDraft, command: DispenseCommand): boolean =>
  facts.moment.state !== 'UNTRUSTED' && secondsOf(facts.moment.wallMs) > command.notAfter;

/** The order began and ended here: the row is the answer, and nothing was held. */
function cancel(draft: CabinetDraft, command: DispenseCommand, reason: ReasonCode): void {
  const index = draft.write('DECISION', {
    ...names(command),
    act: 'order',
    reason,
    tx: draft.freshTx(),
    events: [
      ['order', 'Started', 0],
      ['order', 'Ended', 1, 'voided'],
    ],
    trigger: 'command',
  });
  draft.signal({ cue: messages[reason].cue, reason, reference: { from: 'record', index } });
  answer(draft, command, { reason, ending: 'voided' }, false);
}

function refuseCommand(draft: CabinetDraft, command: DispenseCommand, reason: ReasonCode): void {
  const payload = { ...names(command), act: 'command', reason, trigger: 'command' };
  const reference = recordDecline(draft, payload, draft.atMonoMs, draft.facts);
  draft.signal({ cue: messages[reason].cue, reason, reference });
  answer(draft, command, { reason, ending: null }, false);
}

/** Nothing moves, and nobody at the machine is told twice. */
function repeatAnswer(draft: CabinetDraft, command: DispenseCommand, known: Answer): void {
  const payload = { ...names(command), act: 'command', reason: 'REPEAT', tx: known.tx, trigger: 'command' } as const;
  recordDecline(draft, payload, draft.atMonoMs, draft.facts);
  answer(draft, command, known, true);
}

const names = ({ commandId, order }: DispenseCommand) => ({ commandId, order });

function answer(
  draft: CabinetDraft,
  { commandId, order }: DispenseCommand,
  { reason, ending }: Pick<Answer, 'reason' | 'ending'>,
  repeated: boolean,
): void {
  draft.effects.push({ kind: 'answerCommand', commandId, order, reason, ending, repeated });
}
