/** Structured logging. */
import type { Value } from "../core/mod.ts";

/** Levels as numbers: debug -1, info 0, warn 1, error 2. */
export type LogLevel = -1 | 0 | 1 | 2;

/** One record. `logger` is a dotted name. */
export interface LogRecord {
  level: LogLevel;
  logger: string;
  message: string;
  fields: Record<string, Value>;
  /** Milliseconds since the Unix epoch. */
  timeMs: number;
}

/** Writes records. */
export interface Log {
  debug(message: string, fields?: Record<string, Value>): void;
  info(message: string, fields?: Record<string, Value>): void;
  warn(message: string, fields?: Record<string, Value>): void;
  error(message: string, fields?: Record<string, Value>): void;
  /** A log with this name and these fields on every record. */
  named(logger: string, fields?: Record<string, Value>): Log;
}
