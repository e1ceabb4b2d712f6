// A gate lane from its configuration: lamps and barrier on one board, or the barrier on a line of its own, and the
// rules of its site.
import { SharedBoard } from '../../../devices/board/shared-board.ts';
import { DigiconGate } from '../../../devices/gate/digicon/digicon-gate.ts';
import { defaultRelayPins } from '../../../devices/gate/relay/pinout.ts';
import { RelayGate, type RelayGatePins } from '../../../devices/gate/relay/relay-gate.ts';
import { BoardIndicator } from '../../../devices/indicator/board-indicator.ts';
import { lamps } from '../../../devices/indicator/cue-table.ts';
import type { Gate } from '../../../devices/ports/gate.ts';
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
import type { DigiconGateConfig, GateLaneTerminalConfig, RelayGateConfig } from '../config/gate-lane.ts';
import type { MachineContext, MachineParts } from './machine-parts.ts';

export function gateLaneParts(config: GateLaneTerminalConfig, context: MachineContext): MachineParts<GateLaneInput> {
  const { indicator, gate } = devicesOf(config, context);
  const rulesOf = (body: CborMap): AccessRules => rulesFor(config, body);
  const options = {
    config: machineConfigOf(config),
    reader: config.site.reader,
    recovered: recoverLane(context.journal, context.logger),
    gate,
    motionMs: config.gate.motionMs,
    peers: noPeers,
    rulesOf,
  };
  const notices = new Signal<ChildOrder>();
  return {
    indicator,
    documents: ['rules'],
    checkRules: rulesOf,
    openDesk: (services) => {
      const desk = new GateLaneDesk(options, services);
      desk.alarms.on((alarm) => notices.emit({ kind: 'staff', why: alarm }));
      return desk;
    },
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

function devicesOf(config: GateLaneTerminalConfig, { clock, logger: log }: MachineContext) {
  const { path, baudRate, pins, reportVersionTimeoutMs } = config.indicator;
  const board = new SharedBoard({ id: 'board', line: { path, baudRate }, reportVersionTimeoutMs, clock, log });
  const outputs = [...lamps.map((lamp) => pins[lamp]), pins.buzzer];
  const indicator = new BoardIndicator({ board: board.part('indicator', { outputs, inputs: [] }), pins, clock });
  const gate = config.gate.kind === 'relay' ? relayGate(config.gate, board) : digiconGate(config.gate, board);
  return { indicator, gate };

  function relayGate({ openPulseMs, debounceMs, pins: wires, ...times }: RelayGateConfig, on: SharedBoard): Gate {
    const relayPins = relayPinsOf(wires);
    return new RelayGate({
      id: 'gate',
      board: on,
      pins: relayPins,
      openPulseMs,
      debounceMs,
      times: { waitMs: times.controllerWaitMs, motionMs: times.motionMs },
      clock,
      log,
    });
  }

  function digiconGate({ path: line, entry, firePin, debounceMs, ...times }: DigiconGateConfig, on: SharedBoard): Gate {
    return new DigiconGate({
      id: 'gate',
      line: { path: line, baudRate: digiconBaudRate },
      entry,
      ...(firePin === null
        ? {}
        : { fire: { board: on, input: { ...defaultRelayPins.fire, pin: firePin }, debounceMs } }),
      times: { waitMs: times.controllerWaitMs, motionMs: times.motionMs },
      clock,
      log,
    });
  }
}

/** Of every Tx1500. */
const digiconBaudRate = 115_200;

/** Wires that are not there are not named to the driver: it then judges by the others, and by time. */
function relayPinsOf(pins: RelayGateConfig['pins']): RelayGatePins {
  const { unlockEntry, unlockExit, passageEntry, passageExit, ready, occupied, opened, fire } = pins;
  const at = <Name extends 'ready' | 'occupied' | 'opened' | 'fire'>(name: Name, pin: number | null) =>
    pin === null ? {} : { [name]: { ...defaultRelayPins[name], pin } };
  return {
    unlock: { entry: unlockEntry, exit: unlockExit },
    passageEntry: { ...defaultRelayPins.passageEntry, pin: passageEntry },
    passageExit: { ...defaultRelayPins.passageExit, pin: passageExit },
    ...at('ready', ready),
    ...at('occupied', occupied),
    ...at('opened', opened),
    ...at('fire', fire),
  };
}
