// What a person can break at a machine of the museum and mend again: its network, its reader, and the line to what moves.
import type { ArmedFault } from '../../../simulators/line/faults.ts';
import type { LineFault } from '../../../simulators/line/line-faults.ts';
import type { MuseumMachine } from './museum-machine.ts';

export class MachineTrouble {
  /** Why the terminal last called staff; null for never since it started. */
  alarm: string | null = null;
  readonly #machine: MuseumMachine;
  #mute: ArmedFault<LineFault> | null = null;

  constructor(machine: MuseumMachine) {
    this.#machine = machine;
    machine.terminal.messages.on((message) => {
      if (message.kind === 'staff') this.alarm = String(message['why']);
    });
    machine.terminal.changed.on((state) => {
      if (state === 'starting') this.alarm = null;
    });
  }

  get boardLine(): 'alive' | 'mute' {
    return this.#mute === null ? 'alive' : 'mute';
  }

  get network(): 'up' | 'cut' {
    return this.#machine.network.isCut ? 'cut' : 'up';
  }

  cutNetwork(cut: boolean): void {
    if (cut) this.#machine.network.cut();
    else this.#machine.network.restore();
  }

  async plugReader(plugged: boolean): Promise<void> {
    const line = this.#machine.line('scanner');
    if (plugged) await line.replug();
    else await line.unplug();
  }

  /** The board neither hears nor answers. Mended, it comes up anew: what it was told meanwhile is lost. */
  async muteBoard(mute: boolean): Promise<void> {
    const { lines } = this.#machine;
    const line = lines['gate'] ?? lines['locks'] ?? this.#machine.line('board');
    const armed = this.#mute;
    if (mute === (armed !== null)) return;
    if (armed === null) {
      this.#mute = line.faults.add({ kind: 'hang' });
      return;
    }
    // Unplugged before it hears again: what stands on the line would be obeyed late.
    await line.unplug();
    line.faults.remove(armed);
    await line.replug();
    this.#mute = null;
  }
}
