// What every device shares: an id, a state that health and the machine read, and a start and stop.
import type { Signal } from '../../runtime/core/event.ts';

/**
 * absent: no such path; opening; online: proven by an answer within its heartbeat; unproven: the line is
 * open but the protocol has no answer to prove it; faulty: open, but silent, wrong or refused.
 */
export type DeviceState = 'absent' | 'opening' | 'online' | 'unproven' | 'faulty' | 'stopped';

export interface DeviceHealth {
  readonly id: string;
  readonly state: DeviceState;
  /** What a technician needs to know, e.g. the path that does not exist. */
  readonly detail: string;
  /** Times the device was reached anew since start. */
  readonly reconnects: number;
}

export interface Device {
  readonly id: string;
  health(): DeviceHealth;
  readonly changed: Signal<DeviceHealth>;
  /** Begins to supervise: opens, watches, reopens with back-off. Never throws for an absent device. */
  start(): void;
  stop(): Promise<void>;
}
