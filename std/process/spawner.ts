/**
 * Spawning from Lua: the module functions and the immutable `process.Spawner` builder share this.
 */
import { Failure, parseEntryId, resolveEntryId, type Value } from "../../src/core/mod.ts";
import { type Call, defineObject, type ModuleFunction, type ObjectDefinition } from "../../src/lua/mod.ts";
import type { Actor, Frame, Scope } from "../../src/ports/mod.ts";
import type { NativeResult } from "../../src/vm/mod.ts";
import { ArgumentError, LuaError, Raised } from "../../src/vm/mod.ts";
import { actorObject, scopeObject } from "../security/objects.ts";
import { tableArgument } from "./arguments.ts";

/** What a spawner adds to the caller's frame and to the new process. */
export interface SpawnPlan {
  readonly values: Record<string, Value> | undefined;
  readonly actor: Actor | undefined;
  readonly scope: Scope | undefined;
  readonly name: string;
  readonly messages: readonly { topic: string; values: Uint8Array }[];
  readonly options: Record<string, Value>;
}

/** A plan that adds nothing. */
export const NO_PLAN: SpawnPlan = {
  values: undefined,
  actor: undefined,
  scope: undefined,
  name: "",
  messages: [],
  options: {},
};

/** How to spawn: the function's name for messages, relations, and whether refusals are raised. */
export interface SpawnStyle {
  readonly name: string;
  readonly monitored: boolean;
  readonly linked: boolean;
  readonly raise: boolean;
}

/** Spawns the process named by arguments `first` and `first + 1`. Returns its pid. */
export function spawn(call: Call, first: number, plan: SpawnPlan, style: SpawnStyle): NativeResult {
  if (call.count < first + 1 || call.type(first) !== "string" || call.type(first + 1) !== "string") {
    throw new Failure("Invalid", `${style.name} requires at least id and host arguments`, {
      retryable: false,
    });
  }
  const ns = parseEntryId(call.process.entryId).ns;
  const id = resolveEntryId(call.string(first), ns);
  const host = resolveEntryId(call.string(first + 1), ns);
  const refusal = { raise: style.raise };
  call.demand("process.spawn", id, `not allowed to spawn process: ${id}`, refusal);
  if (style.monitored) {
    call.demand("process.spawn.monitored", id, `not allowed to spawn monitored process: ${id}`, refusal);
  }
  if (style.linked) {
    call.demand("process.spawn.linked", id, `not allowed to spawn linked process: ${id}`, refusal);
  }
  call.demand("process.host", host, `not allowed to spawn on host: ${host}`, refusal);
  return call.runtime.starter.spawnFrom(call.process, id, host, call.raw(first + 2), {
    frame: frameOf(call, plan),
    monitored: style.monitored,
    linked: style.linked,
    name: plan.name,
    messages: plan.messages,
    options: plan.options,
  });
}

/** Runs a process to its end and returns its result. */
export function exec(
  call: Call,
  first: number,
  plan: SpawnPlan,
  raise: boolean,
): Promise<NativeResult> | NativeResult {
  const fail = (message: string): never => {
    throw new Failure("Invalid", message, { retryable: false });
  };
  if (call.count < first + 1 || call.type(first) !== "string" || call.type(first + 1) !== "string") {
    fail("exec requires id and host arguments");
  }
  const written = call.string(first);
  const hostText = call.string(first + 1);
  if (written === "") fail("process ID required");
  if (!/^[^:]+:.+/.test(written)) fail("invalid process ID format (namespace:name required)");
  if (hostText === "") fail("host ID required");
  const host = resolveEntryId(hostText, parseEntryId(call.process.entryId).ns);
  call.demand("process.exec", written, `not allowed to exec process: ${written}`, { raise });
  call.demand("process.host", host, `not allowed to spawn on host: ${host}`, { raise });
  const frame = frameOf(call, plan);
  return call.runtime.starter.execFrom(call.process, written, host, call.raw(first + 2), frame, plan);
}

function frameOf(call: Call, plan: SpawnPlan): Frame {
  const frame = call.process.frame;
  if (plan === NO_PLAN) return frame;
  const network = plan.options["network"];
  return {
    actor: plan.actor ?? frame.actor,
    scope: plan.scope ?? frame.scope,
    values: plan.values === undefined ? frame.values : { ...frame.values, ...plan.values },
    network: typeof network === "string" ? network : frame.network,
    attachments: frame.attachments,
    trace: frame.trace,
  };
}

/** A method that yields a changed spawner. */
function change(alter: (call: Call, plan: SpawnPlan) => Partial<SpawnPlan>): ModuleFunction {
  return (call) => {
    const plan = call.self(spawnerObject);
    return call.create(spawnerObject, { ...plan, ...alter(call, plan) });
  };
}

function demandSecurity(call: Call): void {
  const message = "not allowed to spawn processes with custom security context";
  call.demand("process.security", "security", message, { raise: true });
}

function spawnMethod(name: string, monitored: boolean, linked: boolean): ModuleFunction {
  return (call) => spawn(call, 2, call.self(spawnerObject), { name, monitored, linked, raise: true });
}

/** The immutable builder behind `process.with_context` and `process.with_options`. */
export const spawnerObject: ObjectDefinition<SpawnPlan> = defineObject({
  name: "process.Spawner",
  methods: {
    with_context: change((call, plan) => {
      call.demand("process.context", "context", "not allowed to spawn processes with custom context", {
        raise: true,
      });
      return {
        values: { ...plan.values, ...tableArgument(call, 2, "context values") as Record<string, Value> },
      };
    }),
    with_options: change((call, plan) => {
      call.demand("process.context", "context", "not allowed to spawn processes with custom options", {
        raise: true,
      });
      const options = tableArgument(call, 2, "options") as Record<string, Value>;
      if (options["network"] !== undefined) {
        const network = String(options["network"]);
        call.demand("network.select", network, `not allowed: network ${network}`, { raise: true });
      }
      return { options: { ...plan.options, ...options } };
    }),
    with_actor: change((call) => {
      demandSecurity(call);
      const actor = call.object(2, actorObject);
      if (actor === undefined) throw new ArgumentError(2, "security.Actor", call.type(2));
      return { actor };
    }),
    with_scope: change((call) => {
      demandSecurity(call);
      const scope = call.object(2, scopeObject);
      if (scope === undefined) throw new ArgumentError(2, "security.Scope", call.type(2));
      return { scope };
    }),
    with_name: (call) => {
      const plan = call.self(spawnerObject);
      const name = call.string(2);
      if (name === "") return new Raised(new LuaError("name cannot be empty", "Invalid", false));
      return call.create(spawnerObject, { ...plan, name });
    },
    with_message: (call) => {
      const plan = call.self(spawnerObject);
      const topic = call.string(2);
      if (topic === "") return new Raised(new LuaError("topic cannot be empty", "Invalid", false));
      if (topic.startsWith("@")) return new Raised(new LuaError("cannot send to @ topics", "Invalid", false));
      return call.create(spawnerObject, {
        ...plan,
        messages: [...plan.messages, { topic, values: call.raw(3) }],
      });
    },
    spawn: spawnMethod("spawn", false, false),
    spawn_monitored: spawnMethod("spawn_monitored", true, false),
    spawn_linked: spawnMethod("spawn_linked", false, true),
    spawn_linked_monitored: spawnMethod("spawn_linked_monitored", true, true),
  },
  commands: { exec: (call) => exec(call, 2, call.self(spawnerObject), true) },
});
