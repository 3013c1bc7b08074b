/**
 * The `process` module: identity, messages, spawning, links, monitors, names, options, upgrade.
 *
 * The hot members (`send` to a live local process, `pid`, `inbox`, `events`, `listen`) run inside the VM; what stands here is
 * everything that needs policy, and the slow path of `send`.
 */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule, type ModuleCommand, type ModuleFunction } from "../../src/lua/mod.ts";
import { type NativeResult, Values } from "../../src/vm/mod.ts";
import { tableArgument } from "./arguments.ts";
import { exec, NO_PLAN, spawn, spawnerObject } from "./spawner.ts";
import types from "./process.d.lua" with { type: "text" };

const LOCAL = 0;
const SCOPES = ["", ".eventual", ".consistent", ".strong"] as const;

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** Destination argument 1 as a pid text; `send` checks its own argument count. */
function destination(call: Call, fn: string): string {
  if (call.count < 1 || call.type(1) !== "string") throw invalid(`${fn} requires a destination argument`);
  return call.string(1);
}

/** Sends what the VM's own fast path did not take: names, guarded senders, native processes, wrong arguments. */
const send: ModuleFunction = (call) => {
  if (call.count < 2 || call.type(1) !== "string" || call.type(2) !== "string") {
    throw invalid("send requires at least destination and topic arguments");
  }
  const topic = call.string(2);
  if (topic.startsWith("@")) throw invalid("cannot send to @ topics");
  if (topic === "") throw invalid("topic cannot be empty");
  const target = call.string(1);
  const pid = call.runtime.messages.resolve(target);
  call.demand("process.send", pid, `not allowed to send: ${target}`);
  call.runtime.messages.deliver(pid, topic, call.raw(3), call.process.pid);
  return true;
};

/** A function on one destination, guarded by the permission `process.<action>` on its pid. */
function control(action: string, act: (call: Call, pid: string) => void): ModuleFunction {
  return (call) => {
    const target = destination(call, action);
    const pid = call.runtime.messages.resolve(target);
    call.demand(`process.${action}`, pid, `not allowed to ${action}: ${target}`);
    act(call, pid);
    return true;
  };
}

const setOptions: ModuleFunction = (call) => {
  const options = call.count >= 1 ? call.value(1) : null;
  if (typeof options !== "object" || options === null || Array.isArray(options) && options.length > 0) {
    return refuse(call, "options parameter must be a table");
  }
  const given = Object.entries(options as Record<string, unknown>);
  for (const [key, value] of given) {
    if (key !== "trap_links" && key !== "upgradable") return refuse(call, `option ${key} is not supported`);
    if (typeof value !== "boolean") return refuse(call, `${key} must be a boolean`);
  }
  for (const [key, value] of given) {
    if (key === "upgradable") call.process.upgradable = value === true;
    else call.runtime.messages.trapLinks(call.process, value === true);
  }
  return true;
};

function refuse(call: Call, message: string): NativeResult {
  return new Values([false, call.error(invalid(message))]);
}

function scopeArgument(call: Call, i: number): number {
  if (call.count < i || call.type(i) === "nil") return LOCAL;
  const scope = call.number(i);
  if (!(scope in SCOPES)) throw invalid(`unknown name scope: ${scope}`);
  return scope;
}

function nameArgument(call: Call): string {
  const name = call.string(1);
  if (name === "") throw invalid("name cannot be empty");
  return name;
}

const register: ModuleCommand = (call) => {
  const name = nameArgument(call);
  let pid = call.process.pid;
  if (call.count >= 2 && call.type(2) !== "nil") {
    if (call.type(2) !== "string") throw invalid("pid must be a string");
    pid = call.string(2);
    if (!call.runtime.messages.isPid(pid)) throw invalid("invalid pid");
  }
  const scope = scopeArgument(call, 3);
  const suffix = SCOPES[scope]!;
  const label = suffix === "" ? "" : ` (${suffix.slice(1)})`;
  call.demand(`process.registry.register${suffix}`, name, `not allowed to register name${label}: ${name}`);
  if (pid !== call.process.pid) {
    call.demand(
      "process.registry.foreign",
      pid,
      `not allowed to register foreign pid ${pid} under name "${name}"`,
    );
  }
  return call.runtime.messages.registerName(name, pid, scope)?.then(() => true) ?? true;
};

const lookup: ModuleFunction = (call) => {
  const pid = call.runtime.names.lookup(nameArgument(call));
  if (pid === undefined) throw new Failure("NotFound", "name not registered", { retryable: false });
  return pid;
};

const unregister: ModuleCommand = (call) => {
  const name = nameArgument(call);
  const scope = scopeArgument(call, 2);
  const suffix = SCOPES[scope]!;
  const label = suffix === "" ? "" : ` (${suffix.slice(1)})`;
  call.demand(
    `process.registry.unregister${suffix}`,
    name,
    `not allowed to unregister name${label}: ${name}`,
  );
  return call.runtime.messages.unregisterName(name, scope, call.process.pid);
};

function spawnFunction(name: string, monitored: boolean, linked: boolean): ModuleFunction {
  return (call) => spawn(call, 1, NO_PLAN, { name, monitored, linked, raise: false });
}

function builder(which: "context" | "options"): ModuleFunction {
  return (call) => {
    const noun = which === "context" ? "custom context" : "custom options";
    call.demand("process.context", "context", `not allowed to spawn processes with ${noun}`, { raise: true });
    return call.create(spawnerObject, {
      ...NO_PLAN,
      ...(which === "context" ? contextOf(call) : optionsOf(call)),
    });
  };
}

function contextOf(call: Call): { values: Record<string, never> } {
  return { values: tableArgument(call, 1, "context values") as Record<string, never> };
}

function optionsOf(call: Call): { options: Record<string, never> } {
  const options = tableArgument(call, 1, "options") as Record<string, never>;
  const network = options["network"];
  if (network !== undefined) {
    call.demand("network.select", String(network), `not allowed: network ${network}`, { raise: true });
  }
  return { options };
}

const upgrade: ModuleFunction = (call) => {
  const target = call.count >= 1 && call.type(1) === "string" ? call.string(1) : call.process.entryId;
  return call.runtime.changes.upgradeSelf(call, target, call.raw(2));
};

const execCommand: ModuleCommand = (call) => exec(call, 1, NO_PLAN, false);

export default defineModule({
  name: "process",
  types,
  classes: ["process", "workflow"],
  portable: true,
  numbers: {
    send: 1,
    spawn: 2,
    terminate: 3,
    cancel: 4,
    monitor: 5,
    unmonitor: 6,
    link: 7,
    unlink: 8,
    exec: 9,
  },
  constants: {
    event: { CANCEL: "pid.cancel", EXIT: "pid.exit", LINK_DOWN: "pid.link.down", OUTDATED: "pid.outdated" },
    registry: { LOCAL: 0, EVENTUAL: 1, CONSISTENT: 2, STRONG: 3 },
  },
  builtins: {
    pid: "process.pid",
    send: "process.send",
    spawn: "process.spawn",
    spawn_monitored: "process.spawn_monitored",
    inbox: "process.inbox",
    events: "process.events",
    listen: "process.listen",
    unlisten: "process.unlisten",
  },
  functions: {
    id: (call) => call.process.entryId,
    send,
    spawn: spawnFunction("spawn", false, false),
    spawn_monitored: spawnFunction("spawn_monitored", true, false),
    spawn_linked: spawnFunction("spawn_linked", false, true),
    spawn_linked_monitored: spawnFunction("spawn_linked_monitored", true, true),
    terminate: control("terminate", (call, pid) => call.runtime.messages.terminate(pid)),
    cancel: control("cancel", (call, pid) => {
      const reason = call.count >= 2 && call.type(2) === "string" ? call.string(2) : "";
      call.runtime.cancel(pid, reason, call.process.pid);
    }),
    monitor: control("monitor", (call, pid) => call.runtime.messages.monitor(call.process, pid)),
    unmonitor: control("unmonitor", (call, pid) => call.runtime.messages.unmonitor(call.process, pid)),
    link: control("link", (call, pid) => call.runtime.messages.link(call.process, pid)),
    unlink: control("unlink", (call, pid) => call.runtime.messages.unlink(call.process, pid)),
    get_options: (call) => ({ trap_links: call.process.trapLinks, upgradable: call.process.upgradable }),
    set_options: setOptions,
    with_context: builder("context"),
    with_options: builder("options"),
    upgrade,
    "registry.lookup": lookup,
  },
  commands: { exec: execCommand, "registry.register": register, "registry.unregister": unregister },
  objects: [spawnerObject as never],
});
