// A gate lane from its configuration: its devices, the rules of its site, and what sync may ask of it.
import { withoutPeers } from '../../../sync/wire/site-peers.ts';
import type { CborMap } from '../../core/cbor.ts';
import { StileError } from '../../core/errors.ts';
import { Signal } from '../../core/event.ts';
import { type GateLaneConfig, gateLaneDefaults } from '../../machines/gate-lane/config.ts';
import type { GateLaneInput } from '../../machines/gate-lane/input.ts';
import type { AccessRules } from '../../rules/access-rules.ts';
import { decodeAccessRules } from '../../rules/access-rules-document.ts';
import { GateLaneDesk } from '../../terminal/gate-lane/gate-lane-desk.ts';
import { noPeers } from '../../terminal/gate-lane/lane-peers.ts';
import { recoverLane } from '../../terminal/gate-lane/recovered-lane.ts';
import type { ChildOrder } from '../child-channel.ts';
import type { GateLaneTerminalConfig } from '../config/gate-lane.ts';
import { gateDevicesOf } from './gate-devices.ts';
import { laneMember, laneSync } from './lane-sync.ts';
import type { MachineContext, MachineParts } from './machine-parts.ts';
import { SiteNetwork } from './site-network.ts';

export function gateLaneParts(config: GateLaneTerminalConfig, context: MachineContext): MachineParts<GateLaneInput> {
  const { indicator, gate } = gateDevicesOf(config, context);
  const { network } = config.site;
  const lanes = network === undefined ? null : new SiteNetwork(config.site, network);
  const rulesOf = (body: CborMap): AccessRules => rulesFor(config, body);
  const options = {
    config: machineConfigOf(config),
    reader: config.site.reader,
    recovered: recoverLane(context.journal, context.logger),
    staff: {
      terminal: context.identity.terminal,
      site: config.site.number,
      presenceMs: config.staff.actWithinSeconds * 1_000,
    },
    gate,
    motionMs: config.gate.motionMs,
    peers: lanes ?? noPeers,
    rulesOf,
  };
  const notices = new Signal<ChildOrder>();
  let opened: GateLaneDesk | null = null;
  return {
    indicator,
    documents: ['rules'],
    checkRules: rulesOf,
    openDesk: (services) => {
      const desk = new GateLaneDesk(options, services);
      opened = desk;
      desk.alarms.on((alarm) => notices.emit({ kind: 'staff', why: alarm }));
      return desk;
    },
    connect: async (parts) => (opened && lanes ? lanes.connect(laneMember(opened), parts) : { stop: async () => {} }),
    sync: () => (opened === null ? {} : laneSync(config, opened)),
    notices,
    inputOf: () => null,
  };
}

function machineConfigOf({ site, gate }: GateLaneTerminalConfig): GateLaneConfig {
  return {
    ...gateLaneDefaults,
    gate: site.lane,
    capacity: site.capacity,
    dupMode: site.duplicates,
    claimTimeoutMs: site.claimTimeoutMs,
    creditLocalExits: site.creditLocalExits,
    controllerWaitMs: gate.controllerWaitMs,
    passTimeoutMs: gate.passTimeoutMs,
  };
}

/** Rules of another site, or ones that do not know this lane, would number home lanes by somebody else's barriers. */
function rulesFor({ site }: GateLaneTerminalConfig, body: CborMap): AccessRules {
  const rules = decodeAccessRules(withoutPeers(body));
  if (rules.site !== site.number) throw refused(`are of site ${rules.site}, this lane is at ${site.number}`);
  if (!rules.gates.some(({ id }) => id === site.lane)) throw refused(`do not name lane ${site.lane}`);
  return rules;
}

const refused = (problem: string): StileError =>
  new StileError('DOCUMENT_REFUSED', `access rules ${problem}`, {
    remedy: 'Publish rules for this site that name every lane, or correct "site" in the configuration.',
  });
