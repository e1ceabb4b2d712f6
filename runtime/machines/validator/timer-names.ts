// The names of the timers a validator asks for: a closed list, at most one running of each.

export const timerNames = ['hold-off', 'declines'] as const;
export type TimerName = (typeof timerNames)[number];
