/** The log of a world that may be repeating its past. */
import type { Log } from "../ports/mod.ts";

/** A log that is silent while the past is repeated. */
export function quietLog(log: Log, isQuiet: () => boolean): Log {
  const writer = (level: "debug" | "info" | "warn" | "error"): Log["info"] => (message, fields) => {
    if (!isQuiet()) log[level](message, fields);
  };
  return {
    debug: writer("debug"),
    info: writer("info"),
    warn: writer("warn"),
    error: writer("error"),
    named: (name, fields) => quietLog(log.named(name, fields), isQuiet),
  };
}
