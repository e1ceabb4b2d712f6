// What a validator asks of its terminal: nothing but what every machine may ask. A bus has no gate.
import type { CommonEffect } from '../shared/effects.ts';
import type { TimerName } from './timer-names.ts';

export type ValidatorEffect = CommonEffect<TimerName>;
