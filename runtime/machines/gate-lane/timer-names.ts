// The names of the timers a gate lane asks for: a closed list, at most one running of each.

export type TimerName =
  | 'claim'
  | 'open'
  | 'pass'
  | 'exit'
  | 'recover'
  | 'manual'
  | 'override'
  | 'blocked'
  | 'statistics'
  | 'declines';
