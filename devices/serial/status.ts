// The health of one device as its driver knows it; listeners hear changes only.

import type { StileError } from '../../runtime/core/errors.ts';
import { Signal } from '../../runtime/core/event.ts';
import type { DeviceHealth, DeviceState } from '../ports/device.ts';

export class DeviceStatus {
  readonly changed = new Signal<DeviceHealth>();
  #health: DeviceHealth;
  #reached = 0;

  constructor(id: string) {
    this.#health = { id, state: 'stopped', detail: 'not started', reconnects: 0 };
  }

  get health(): DeviceHealth {
    return this.#health;
  }

  set(state: DeviceState, detail: string): void {
    this.#change(state, detail);
  }

  /** The device answers, or its line is open where it has no answer to give. */
  reached(state: 'online' | 'unproven', detail: string): void {
    this.#reached++;
    this.#change(state, detail);
  }

  failed(fault: StileError): void {
    const state = fault.code === 'DEVICE_ABSENT' ? 'absent' : 'faulty';
    this.#change(state, `${fault.code}: ${fault.message}. ${fault.remedy}`);
  }

  #change(state: DeviceState, detail: string): void {
    const reconnects = Math.max(0, this.#reached - 1);
    const { id, ...before } = this.#health;
    if (before.state === state && before.detail === detail && before.reconnects === reconnects) return;
    this.#health = { id, state, detail, reconnects };
    this.changed.emit(this.#health);
  }
}
