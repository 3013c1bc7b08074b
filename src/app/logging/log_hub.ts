/**
 * Where all log records meet, and where they go from there: the console, the event bus, listeners.
 *
 * L1. A record below `min_level` goes nowhere; the console has a threshold of its own besides.
 * L2. While records are hidden (a terminal process runs), they go to the event bus instead of the console.
 * L3. Handing out a record never throws into the code that logs.
 */
import { isValueMap, type Value, type ValueMap } from "../../core/mod.ts";
import type { Bus, Clock, Log, LogLevel, LogRecord } from "../../ports/mod.ts";
import { createEncoder, levelName, type LogEncoder, type LogEncoding } from "./encodings.ts";

/** Routing of records: the `logmanager` section. */
export interface LogRouting {
  propagate_downstream: boolean;
  stream_to_events: boolean;
  min_level: number;
}

/** Where console records go and how they look. */
export interface LogConsole {
  readonly write: (text: string) => void;
  readonly encoding: LogEncoding;
  readonly colour: boolean;
  /** Records below it stay off the console. */
  readonly level: LogLevel;
}

/** What a hub is made of. */
export interface LogHubOptions {
  readonly clock: Clock;
  readonly routing: LogRouting;
  /** Absent: nothing is written. */
  readonly console?: LogConsole;
  /** Adds the place in the runtime's own code to errors. */
  readonly stackTraces?: boolean;
}

const SYSTEM = "logs";

/** The root of all logs. */
export class LogHub implements Log {
  readonly #clock: Clock;
  readonly #routing: LogRouting;
  readonly #console: LogConsole | undefined;
  readonly #encode: LogEncoder | undefined;
  readonly #stackTraces: boolean;
  readonly #startedMs: number;
  readonly #listeners = new Set<(record: LogRecord) => void>();
  #bus: Bus | undefined;
  #hidden = 0;
  /** Lowest level that reaches the console for the time being. */
  #floor: LogLevel = -1;

  constructor(options: LogHubOptions) {
    this.#clock = options.clock;
    this.#routing = { ...options.routing };
    const { console: target } = options;
    this.#console = target;
    this.#encode = target && createEncoder(target.encoding, target.colour);
    this.#stackTraces = options.stackTraces ?? false;
    this.#startedMs = options.clock.monotonicMs();
  }

  /**
   * Streams records to `bus` where routing says so, and answers its `logs.config.get` and `logs.config.set` with
   * `logs.config.state`. Returns a function that disconnects.
   */
  connect(bus: Bus): () => void {
    this.#bus = bus;
    const stops = [
      bus.subscribe(SYSTEM, "logs.config.get", () => this.#sendState()),
      bus.subscribe(SYSTEM, "logs.config.set", ({ data }) => {
        if (isValueMap(data)) this.#configure(data);
        this.#sendState();
      }),
    ];
    return () => {
      this.#bus = undefined;
      for (const stop of stops) stop();
    };
  }

  /** Calls `receive` with every record that is not below `min_level`. Returns a function that stops it. */
  listen(receive: (record: LogRecord) => void): () => void {
    this.#listeners.add(receive);
    return () => this.#listeners.delete(receive);
  }

  /** Keeps records off the console until the returned function is called; several may hide at once. */
  hide(): () => void {
    this.#hidden++;
    let isOver = false;
    return () => {
      if (!isOver) this.#hidden--;
      isOver = true;
    };
  }

  debug(message: string, fields?: Record<string, Value>): void {
    this.write(-1, "", message, fields);
  }

  info(message: string, fields?: Record<string, Value>): void {
    this.write(0, "", message, fields);
  }

  warn(message: string, fields?: Record<string, Value>): void {
    this.write(1, "", message, fields);
  }

  error(message: string, fields?: Record<string, Value>): void {
    this.write(2, "", message, fields);
  }

  named(logger: string, fields: Record<string, Value> = {}): Log {
    return new NamedLog(this, logger, fields);
  }

  /** Keeps records below `level` off the console until the returned function is called. */
  raise(level: LogLevel): () => void {
    const before = this.#floor;
    this.#floor = level;
    return () => {
      this.#floor = before;
    };
  }

  /** Takes one record. */
  write(level: LogLevel, logger: string, message: string, fields: Record<string, Value> = {}): void {
    if (level < this.#routing.min_level) return;
    const toConsole = this.#encode !== undefined && this.#hidden === 0 &&
      this.#routing.propagate_downstream &&
      level >= this.#console!.level && level >= this.#floor;
    const toBus = this.#bus !== undefined && (this.#routing.stream_to_events || this.#hidden > 0);
    if (!toConsole && !toBus && this.#listeners.size === 0) return;
    const record: LogRecord = { level, logger, message, fields, timeMs: this.#clock.nowMs() };
    if (this.#stackTraces && level === 2 && fields.stacktrace === undefined) {
      record.fields = { ...fields, stacktrace: ownStack() };
    }
    for (const receive of this.#listeners) receive(record);
    if (toConsole) this.#console!.write(this.#encode!(record, this.#clock.monotonicMs() - this.#startedMs));
    if (toBus) {
      this.#bus!.send({
        system: SYSTEM,
        kind: "logs.entry",
        path: logger,
        data: {
          level: levelName(level),
          logger,
          message,
          fields,
          time: Math.floor(record.timeMs / 1000),
        },
      });
    }
  }

  #configure(change: ValueMap): void {
    const { propagate_downstream, stream_to_events, min_level } = change;
    if (typeof propagate_downstream === "boolean") this.#routing.propagate_downstream = propagate_downstream;
    if (typeof stream_to_events === "boolean") this.#routing.stream_to_events = stream_to_events;
    if (typeof min_level === "number") this.#routing.min_level = min_level;
  }

  #sendState(): void {
    this.#bus?.send({ system: SYSTEM, kind: "logs.config.state", path: "", data: { ...this.#routing } });
  }
}

/** A log with a name and fields of its own. */
class NamedLog implements Log {
  readonly #hub: LogHub;
  readonly #name: string;
  readonly #fields: Record<string, Value>;

  constructor(hub: LogHub, name: string, fields: Record<string, Value>) {
    this.#hub = hub;
    this.#name = name;
    this.#fields = fields;
  }

  debug(message: string, fields?: Record<string, Value>): void {
    this.#hub.write(-1, this.#name, message, this.#with(fields));
  }

  info(message: string, fields?: Record<string, Value>): void {
    this.#hub.write(0, this.#name, message, this.#with(fields));
  }

  warn(message: string, fields?: Record<string, Value>): void {
    this.#hub.write(1, this.#name, message, this.#with(fields));
  }

  error(message: string, fields?: Record<string, Value>): void {
    this.#hub.write(2, this.#name, message, this.#with(fields));
  }

  named(logger: string, fields?: Record<string, Value>): Log {
    const name = this.#name === "" || logger === "" ? this.#name + logger : `${this.#name}.${logger}`;
    return new NamedLog(this.#hub, name, this.#with(fields));
  }

  #with(fields: Record<string, Value> | undefined): Record<string, Value> {
    return fields === undefined ? this.#fields : { ...this.#fields, ...fields };
  }
}

/** Frames of the caller, without those of this file. */
function ownStack(): string {
  const lines = (new Error().stack ?? "").split("\n");
  return lines.filter((line) => /^\s*at |@/.test(line) && !/log_hub\.ts|ownStack|NamedLog|LogHub/.test(line))
    .map((line) => line.trim()).join("\n");
}
