/** What simulations share: ports, a bus and a log on virtual time, and a trace of what happened. */
import assert from "node:assert/strict";
import type { Value } from "../../src/core/mod.ts";
import type { BusEvent, Log, LogLevel, LogRecord } from "../../src/ports/mod.ts";
import { type SimulatedPorts, simulatedPorts } from "../../src/platform/simulated/mod.ts";
import { EventBus, Supervisor } from "../../src/process/mod.ts";

/** Steps of a run, and a hash over all of them. */
export class Trace {
  readonly #last: string[] = [];
  #hash = 0x811c9dc5;
  #count = 0;

  /** Takes note of a step. */
  note(text: string): void {
    for (let i = 0; i < text.length; i += 1) {
      this.#hash = Math.imul(this.#hash ^ text.charCodeAt(i), 0x01000193);
    }
    this.#count += 1;
    this.#last.push(text);
    if (this.#last.length > 400) this.#last.splice(0, 200);
  }

  /** Number of steps and their hash. */
  get hash(): string {
    return `${this.#count}:${(this.#hash >>> 0).toString(16)}`;
  }

  /** The latest steps. */
  get tail(): readonly string[] {
    return this.#last.slice(-60);
  }
}

/** A log that keeps its records. */
export class MemoryLog implements Log {
  readonly records: LogRecord[];
  readonly #now: () => number;
  readonly #name: string;
  readonly #fields: Record<string, Value>;

  constructor(now: () => number, records: LogRecord[] = [], name = "", fields: Record<string, Value> = {}) {
    this.records = records;
    this.#now = now;
    this.#name = name;
    this.#fields = fields;
  }

  debug(message: string, fields?: Record<string, Value>): void {
    this.#add(-1, message, fields);
  }

  info(message: string, fields?: Record<string, Value>): void {
    this.#add(0, message, fields);
  }

  warn(message: string, fields?: Record<string, Value>): void {
    this.#add(1, message, fields);
  }

  error(message: string, fields?: Record<string, Value>): void {
    this.#add(2, message, fields);
  }

  named(logger: string, fields: Record<string, Value> = {}): Log {
    const name = this.#name === "" ? logger : `${this.#name}.${logger}`;
    return new MemoryLog(this.#now, this.records, name, { ...this.#fields, ...fields });
  }

  #add(level: LogLevel, message: string, fields: Record<string, Value> = {}): void {
    this.records.push({
      level,
      logger: this.#name,
      message,
      fields: { ...this.#fields, ...fields },
      timeMs: this.#now(),
    });
  }
}

/** A simulated node without Lua. */
export interface World {
  readonly seed: number;
  readonly ports: SimulatedPorts;
  readonly log: MemoryLog;
  readonly bus: EventBus;
  readonly supervisor: Supervisor;
  /** Events of the supervisor so far. */
  readonly events: BusEvent[];
  readonly trace: Trace;
  /** Takes note of a broken rule. Supervisors and buses survive what their services and subscribers throw: so nothing is thrown. */
  check(ok: boolean, rule: string): void;
  /** Fails when a rule was broken so far, or a subscriber of the bus failed that was not meant to. */
  assertRules(options?: { ignoreFailedSubscribers?: boolean }): void;
}

/** A world of its own. */
export function createWorld(seed: number, supervision: { startsAtOnceMax?: number } = {}): World {
  const ports = simulatedPorts({ seed });
  const { clock, random } = ports;
  const log = new MemoryLog(() => clock.nowMs());
  const bus = new EventBus({ clock, log });
  const supervisor = new Supervisor({ clock, random, log, bus, ...supervision });
  const events: BusEvent[] = [];
  bus.subscribe("supervisor", "", (event) => events.push(event));
  const trace = new Trace();
  const broken: string[] = [];
  const check = (ok: boolean, rule: string): void => {
    if (ok) return;
    trace.note(`BROKEN ${rule}`);
    broken.push(`${clock.elapsedMs} ms: ${rule}`);
  };
  const assertRules: World["assertRules"] = (options) => {
    const crashes = options?.ignoreFailedSubscribers
      ? []
      : log.records.filter(({ message }) => message === "event subscriber failed");
    for (const { fields } of crashes) broken.push(String(fields["error"]));
    assert.deepEqual(broken, [], `rules were broken; the last steps:\n${trace.tail.join("\n")}`);
  };
  return { seed, ports, log, bus, supervisor, events, trace, check, assertRules };
}
