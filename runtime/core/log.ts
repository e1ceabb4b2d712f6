// Structured logs on standard error. Fields are a closed, typed list: a token, an account or a key
// cannot be logged by accident because there is no field to put it in.
import pino from 'pino';

export interface LogFields {
  readonly terminal?: string;
  readonly device?: string;
  readonly path?: string;
  readonly topic?: string;
  readonly kind?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly ref?: string;
  readonly state?: string;
  readonly detail?: string;
  readonly remedy?: string;
  readonly epoch?: number;
  readonly seq?: number;
  readonly version?: number;
  readonly count?: number;
  readonly bytes?: number;
  readonly attempt?: number;
  readonly port?: number;
  readonly exitCode?: number;
  readonly durationMs?: number;
}

export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** The same logger with fields on every line. */
  with(fields: LogFields): Logger;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export function createLogger(level: LogLevel, fields: LogFields = {}): Logger {
  return wrap(pino({ level, base: fields }, pino.destination({ dest: 2, sync: true })));
}

export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silentLogger,
};

function wrap(target: pino.Logger): Logger {
  return {
    debug: (event, fields = {}) => target.debug(fields, event),
    info: (event, fields = {}) => target.info(fields, event),
    warn: (event, fields = {}) => target.warn(fields, event),
    error: (event, fields = {}) => target.error(fields, event),
    with: (fields) => wrap(target.child(fields)),
  };
}
