// Orders that a running head end takes from its own machine, parsed once, and what carries them out.
import { z } from 'zod';
import type { CommandDesk, CommandStatus } from '../../../sync/headend/command-desk.ts';
import type { Zone } from '../../../sync/headend/lease-desk.ts';
import { commandLimits } from '../../../sync/wire/command.ts';
import { equal } from '../../core/bytes.ts';
import { StileError } from '../../core/errors.ts';

const name = z.string().regex(/^[A-Za-z0-9_-]{1,32}$/);
const schema = z.strictObject({
  kind: z.enum(['hold', 'resume']),
  terminals: z.array(name).max(64).default([]),
  /** Every lane of its zones. */
  site: name.nullable().default(null),
  waitMinutes: z.int().min(0).max(commandLimits.waitMinutes).nullable().default(null),
});

export interface LaneAnswer {
  readonly terminal: string;
  /** answered, refused, or unanswered when its time was over. */
  readonly state: CommandStatus['state'];
  readonly answer: string | null;
  readonly ref: string | null;
}

/**
 * Sends the command to every lane it means, and resolves once each has answered or its time is over.
 * @throws StileError MESSAGE_MALFORMED, NOT_FOUND for a site without lanes, and what the command desk throws.
 */
export async function carryOutOrder(
  order: unknown,
  { commands, zones }: { readonly commands: CommandDesk; readonly zones: readonly Zone[] },
): Promise<readonly LaneAnswer[]> {
  const parsed = schema.safeParse(order);
  if (!parsed.success)
    throw new StileError('MESSAGE_MALFORMED', `not an order: ${parsed.error.issues[0]?.message ?? ''}`, {
      remedy: 'Give it by `stile headend hold` or `stile headend resume` of the same version.',
    });
  const { kind, terminals, site, waitMinutes } = parsed.data;
  const lanes = lanesOf(terminals, site, zones);
  const act = { kind: 'hold', on: kind === 'hold', waitMinutes } as const;
  const sent = await Promise.all(lanes.map((lane) => answered(commands, () => commands.send(lane, act))));
  return sent.map(({ terminal, state, answer, ref }) => ({ terminal, state, answer, ref }));
}

function lanesOf(terminals: readonly string[], site: string | null, zones: readonly Zone[]): readonly string[] {
  const ofSite = zones.filter((zone) => zone.site === site).flatMap(({ lanes }) => lanes);
  const lanes = [...new Set([...terminals, ...ofSite])];
  if (lanes.length > 0 && (site === null || ofSite.length > 0)) return lanes;
  throw new StileError('NOT_FOUND', site === null ? 'no gate lane is named' : `site ${site} has no lanes here`, {
    remedy: 'Name gate lanes, or a site that "zones" of the configuration lists with its lanes.',
  });
}

/** An answer may come before the desk has said that it sent. */
async function answered(commands: CommandDesk, send: () => Promise<CommandStatus>): Promise<CommandStatus> {
  const heard: CommandStatus[] = [];
  let wake: () => void = () => {};
  const stop = commands.changed.on((status) => {
    heard.push(status);
    wake();
  });
  try {
    const { commandId } = await send();
    for (;;) {
      const over = heard.find((status) => equal(status.commandId, commandId) && isOver(status));
      if (over) return over;
      heard.length = 0;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stop();
  }
}

const isOver = ({ state }: CommandStatus): boolean => state !== 'sent' && state !== 'begun';
