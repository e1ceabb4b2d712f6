// Puts the machines of a scenario into its world.
import { BusStation } from './bus-station.ts';
import { CabinetStation } from './cabinet-station.ts';
import { GateStation } from './gate-station.ts';
import type { GateOnLines } from './line-barrier.ts';
import type { MachineSetting } from './machine-format.ts';
import type { Station } from './station-port.ts';
import type { Switches } from './switches.ts';
import { World } from './world.ts';
import type { WorldSetting } from './world-format.ts';

/** @throws RangeError, StileError for a world that contradicts itself. */
export function openWorld(setting: WorldSetting, switches: Switches, lines: GateOnLines | null): World {
  const world = new World(setting, switches, lines);
  world.stations = new Map(
    Object.entries(setting.machines).map(([name, machine]) => [name, place(world, name, machine)]),
  );
  return world;
}

function place(world: World, name: string, machine: MachineSetting): Station {
  switch (machine.kind) {
    case 'validator':
      return new BusStation(world, name, machine);
    case 'gateLane':
      return new GateStation(world, name, machine);
    case 'cabinet':
      return new CabinetStation(world, name, machine);
    default:
      return machine satisfies never;
  }
}
