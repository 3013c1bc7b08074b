/** The `exec` module: commands run by the executors that entries provide. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule, defineObject, type ObjectDefinition } from "../../src/lua/mod.ts";
import { type Executor, ExecutorResource, type Resources } from "../../src/ports/mod.ts";
import { ArgumentError, type LuaValue, type NativeResult } from "../../src/vm/mod.ts";
import { Command } from "./command.ts";
import types from "./exec.d.lua" with { type: "text" };

/** Largest number of a signal that systems know. */
const SIGNAL_MAX = 64;

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function unknown(id: string): Failure {
  return invalid(`executor not found: ${id}`);
}

/** An executor as a script has it. */
class Acquired {
  readonly #id: string;
  readonly #resources: Resources;
  isReleased = false;

  constructor(resources: Resources, id: string) {
    this.#resources = resources;
    this.#id = id;
  }

  /** Looked up each time: the entry may be gone or another one by now. */
  get executor(): Executor {
    if (this.isReleased) throw invalid("executor is released");
    const executor = this.#resources.find(ExecutorResource, this.#id);
    if (executor === undefined) throw unknown(this.#id);
    return executor;
  }
}

function get(call: Call): NativeResult {
  const id = call.count < 1 || call.type(1) === "nil" ? "" : call.string(1);
  if (id === "") throw invalid("resource id is required");
  call.demand("exec.get", id, "permission denied: access executor", { kind: "Invalid" });
  const { resources } = call.services;
  // What is not there is refused now, not at the first command.
  if (resources.find(ExecutorResource, id) === undefined) throw unknown(id);
  return call.create(executorObject, new Acquired(resources, id));
}

/** Variables of a command; numbers and booleans are written out. */
function environmentOf(value: LuaValue): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) {
    if (Array.isArray(value) && value.length === 0) return {};
    throw invalid("env must be a table with names as keys");
  }
  const environment: Record<string, string> = {};
  for (const [name, item] of Object.entries(value)) {
    const isPlain = typeof item === "string" || typeof item === "number" || typeof item === "boolean" ||
      typeof item === "bigint";
    if (!isPlain || name === "" || /[=\0]/.test(name)) throw invalid(`env.${name} must be a string`);
    environment[name] = String(item);
  }
  return environment;
}

function prepare(call: Call): NativeResult {
  const { executor } = call.self(executorObject);
  const command = call.count < 2 || call.type(2) === "nil" ? "" : call.string(2);
  if (command.trim() === "") throw invalid("command is required");
  call.demand("exec.run", command, "permission denied: execute command", { kind: "Invalid" });
  const hasOptions = call.count >= 3 && call.type(3) !== "nil";
  if (hasOptions && call.type(3) !== "table") throw new ArgumentError(3, "table", call.type(3));
  const options = (hasOptions ? call.value(3) : {}) as { work_dir?: LuaValue; env?: LuaValue };
  const directory = options.work_dir ?? undefined;
  if (directory !== undefined && typeof directory !== "string") throw invalid("work_dir must be a string");
  const start = executor.prepare(command, { directory, environment: environmentOf(options.env) });
  return call.create(processObject, new Command(start));
}

const executorObject: ObjectDefinition<Acquired> = defineObject<Acquired>({
  name: "exec.Executor",
  methods: {
    exec: prepare,
    release: (call) => {
      call.self(executorObject).isReleased = true;
      return true;
    },
  },
});

function signalArgument(call: Call): number {
  const number = call.number(2);
  if (!Number.isInteger(number) || number < 1 || number > SIGNAL_MAX) {
    throw invalid(`signal must be an integer between 1 and ${SIGNAL_MAX}`);
  }
  return number;
}

/** A command. It ends by force with the process or call that started it. */
const processObject: ObjectDefinition<Command> = defineObject<Command>({
  name: "exec.Process",
  methods: {
    stdout_stream: (call) => call.createStream(call.self(processObject).stdout.take()),
    stderr_stream: (call) => call.createStream(call.self(processObject).stderr.take()),
    signal: (call) => {
      call.self(processObject).signal(signalArgument(call));
      return true;
    },
    close: (call) => {
      call.self(processObject).close(call.count >= 2 && call.truthy(2));
      return true;
    },
  },
  commands: {
    start: async (call): Promise<NativeResult> => {
      const { process } = call;
      await call.self(processObject).start((kill) => process.onEnd(kill));
      return true;
    },
    wait: (call) => call.self(processObject).wait(),
    write_stdin: async (call): Promise<NativeResult> => {
      await call.self(processObject).write(call.bytes(2));
      return true;
    },
  },
});

export default defineModule({
  name: "exec",
  types,
  classes: ["nondeterministic", "io", "process"],
  numbers: { "Process:wait": 150, "Process:start": 151, "Process:write_stdin": 152 },
  functions: { get },
  objects: [executorObject as never, processObject as never],
});
