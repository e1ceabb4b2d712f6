// The devices of a gate lane as its configuration names them: lamps and barrier on one board, or the barrier on a line
// of its own.
import { SharedBoard } from '../../../devices/board/shared-board.ts';
import { DigiconGate } from '../../../devices/gate/digicon/digicon-gate.ts';
import { defaultRelayPins } from '../../../devices/gate/relay/pinout.ts';
import { RelayGate, type RelayGatePins } from '../../../devices/gate/relay/relay-gate.ts';
import { BoardIndicator } from '../../../devices/indicator/board-indicator.ts';
import { lamps } from '../../../devices/indicator/cue-table.ts';
import type { Gate } from '../../../devices/ports/gate.ts';
import type { Indicator } from '../../../devices/ports/indicator.ts';
import type { DigiconGateConfig, GateLaneTerminalConfig, RelayGateConfig } from '../config/gate-lane.ts';
import type { MachineContext } from './machine-parts.ts';

/** Of every Tx1500. */
const digiconBaudRate = 115_200;

type Parts = Pick<MachineContext, 'clock' | 'logger'>;

export function gateDevicesOf(
  { indicator, gate }: GateLaneTerminalConfig,
  parts: Parts,
): { readonly indicator: Indicator; readonly gate: Gate } {
  const { path, baudRate, pins, reportVersionTimeoutMs, firmware } = indicator;
  const { clock, logger: log } = parts;
  const named = firmware === undefined ? {} : { firmware };
  const line = { path, baudRate };
  const board = new SharedBoard({ id: 'board', line, reportVersionTimeoutMs, ...named, clock, log });
  const outputs = [...lamps.map((lamp) => pins[lamp]), pins.buzzer];
  return {
    indicator: new BoardIndicator({ board: board.part('indicator', { outputs, inputs: [] }), pins, clock }),
    gate: gate.kind === 'relay' ? relayGate(gate, board, parts) : digiconGate(gate, board, parts),
  };
}

function relayGate(config: RelayGateConfig, board: SharedBoard, { clock, logger: log }: Parts): Gate {
  const { openPulseMs, debounceMs, controllerWaitMs: waitMs, motionMs } = config;
  const pins = relayPinsOf(config.pins);
  return new RelayGate({ id: 'gate', board, pins, openPulseMs, debounceMs, times: { waitMs, motionMs }, clock, log });
}

function digiconGate(config: DigiconGateConfig, board: SharedBoard, { clock, logger: log }: Parts): Gate {
  const { path, entry, firePin, debounceMs, controllerWaitMs: waitMs, motionMs } = config;
  const input = firePin === null ? null : { ...defaultRelayPins.fire, pin: firePin };
  return new DigiconGate({
    id: 'gate',
    line: { path, baudRate: digiconBaudRate },
    entry,
    ...(input && { fire: { board, input, debounceMs } }),
    times: { waitMs, motionMs },
    clock,
    log,
  });
}

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
