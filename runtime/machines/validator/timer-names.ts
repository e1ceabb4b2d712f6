// The names of the timers a validator asks for: a closed list, at most one running of each.

export type TimerName = 'hold-off' | 'declines';
