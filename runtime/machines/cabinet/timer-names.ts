// The names of the timers a cabinet asks for: a closed list, at most one running of each.

export type TimerName = 'motion' | 'slots' | 'code' | 'claim' | 'resolve' | 'declines';
