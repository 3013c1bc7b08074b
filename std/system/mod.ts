/** The `system` module: the running program, its hosts and services, and what one node knows of a cluster. */
import { Failure } from "../../src/core/mod.ts";
import {
  type Call,
  defineModule,
  luaErrorOf,
  type LuaRuntime,
  type ModuleCommand,
  type ModuleFunction,
  type ProcessFacts,
} from "../../src/lua/mod.ts";
import {
  type Cluster,
  CLUSTER_ID,
  type ClusterLocks,
  ClusterResource,
  type ConsensusView,
  type MemoryUse,
  type ServiceState,
  SYSTEM_CONTROL_ID,
  type SystemControl,
  SystemControlResource,
} from "../../src/ports/mod.ts";
import { ArgumentError, type LuaValue, type NativeResult, Values } from "../../src/vm/mod.ts";
import types from "./system.d.lua" with { type: "text" };

function internal(message: string): Failure {
  return new Failure("Internal", message, { retryable: false });
}

function control(call: Call): SystemControl {
  const found = call.services.resources.find(SystemControlResource, SYSTEM_CONTROL_ID);
  if (found === undefined) throw internal("system control not available");
  return found;
}

type Action = "system.read" | "system.control" | "system.gc";

function demand(call: Call, action: Action, resource: string): void {
  call.demand(action, resource, `permission denied: ${action} on ${resource}`, { kind: "Invalid" });
}

/** A function that needs the right to read `resource`. */
function reader<T>(resource: string, read: (call: Call) => T): (call: Call) => T {
  return (call) => {
    demand(call, "system.read", resource);
    return read(call);
  };
}

/** Argument `i` as a whole number; Invalid when it is absent or something else. */
function wholeArgument(call: Call, i: number, what: string): number {
  if (call.count < i || call.type(i) !== "number") {
    throw new Failure("Invalid", `${what} must be a whole number`, { retryable: false });
  }
  const number = call.number(i);
  if (!Number.isInteger(number)) {
    throw new Failure("Invalid", `${what} must be a whole number`, { retryable: false });
  }
  return number;
}

function textArgument(call: Call, i: number, what: string): string {
  const text = call.count >= i && call.type(i) === "string" ? call.string(i) : "";
  if (text === "") throw new Failure("Invalid", `${what} required`, { retryable: false });
  return text;
}

const exit: ModuleFunction = (call) => {
  call.demand("system.exit", "", "permission denied: system.exit", { kind: "Invalid" });
  const code = call.count < 1 || call.type(1) === "nil" ? 0 : wholeArgument(call, 1, "exit code");
  control(call).exit(code);
  return true;
};

/** The first documented line of a module's types. */
function descriptionOf(types: string): string {
  return /^---[ \t]*(.*)$/m.exec(types)?.[1]?.trim() ?? "";
}

const modules: ModuleCommand = async (call) => {
  demand(call, "system.read", "modules");
  const { catalog } = call.runtime.modules;
  // A name with a colon is of a module that no entry can list.
  const names = catalog.names().filter((name) => !name.includes(":")).sort();
  await catalog.load(names);
  return names.map((name) => {
    const { classes, types } = catalog.definition(name)!;
    const commands = Object.fromEntries(catalog.numbers.inModule(name));
    return { name, description: descriptionOf(types), class: [...classes], commands };
  });
};

// --- Memory -------------------------------------------------------------------------------------------------------------

function allocatedBytes(use: MemoryUse): number {
  return use.heapUsedBytes + use.luaBytes;
}

/** Figures of one memory: what the host language and the Lua heap hold. Spans and stacks of their own do not exist here. */
const memoryStats: ModuleFunction = (call) => {
  const use = control(call).memory();
  const allocated = allocatedBytes(use);
  const heap = use.heapTotalBytes + use.luaBytes;
  const idle = Math.max(0, use.heapTotalBytes - use.heapUsedBytes);
  return {
    alloc: allocated,
    total_alloc: use.allocatedBytesTotal,
    sys: use.residentBytes,
    heap_alloc: allocated,
    heap_sys: heap,
    heap_idle: idle,
    heap_in_use: heap - idle,
    heap_released: 0,
    heap_objects: use.liveObjects,
    stack_in_use: 0,
    stack_sys: 0,
    mspan_in_use: 0,
    mspan_sys: 0,
    num_gc: use.collections,
    next_gc: Math.round(allocated * (1 + control(call).garbagePercent / 100)),
  };
};

/** A limit as Lua sees it: -1 for none. */
function limitOf(bytes: number): number {
  return bytes === Infinity ? -1 : bytes;
}

const setLimit: ModuleFunction = (call) => {
  demand(call, "system.control", "memory_limit");
  const limit = wholeArgument(call, 1, "limit");
  if (limit < -1) throw new Failure("Invalid", "limit must be -1 or more", { retryable: false });
  const system = control(call);
  const previous = limitOf(system.memoryBytesMax);
  system.memoryBytesMax = limit === -1 ? Infinity : limit;
  return previous;
};

const setPercent: ModuleFunction = (call) => {
  demand(call, "system.gc", "gc_percent");
  const percent = wholeArgument(call, 1, "percent");
  const system = control(call);
  const previous = system.garbagePercent;
  system.garbagePercent = percent;
  return previous;
};

// --- Processors ---------------------------------------------------------------------------------------------------------

const maxProcs: ModuleFunction = (call) => {
  const system = control(call);
  const previous = system.processorsMax;
  if (call.count < 1 || call.type(1) === "nil") {
    demand(call, "system.read", "gomaxprocs");
    return previous;
  }
  demand(call, "system.control", "gomaxprocs");
  const count = wholeArgument(call, 1, "processor count");
  if (count <= 0) {
    throw new Failure("Invalid", "processor count must be greater than 0", { retryable: false });
  }
  system.processorsMax = count;
  return previous;
};

// --- Hosts and services -------------------------------------------------------------------------------------------------

/** What `list` makes of the facts of all processes, asked from other workers where there are any. */
function listing(list: (runtime: LuaRuntime, facts: readonly ProcessFacts[]) => LuaValue): ModuleCommand {
  return (call) => {
    const { runtime } = call;
    const facts = runtime.observedProcesses();
    return facts instanceof Promise ? facts.then((later) => list(runtime, later)) : list(runtime, facts);
  };
}

const listHosts = listing((runtime, facts) =>
  runtime.hosts.all().map((host) => {
    const own = facts.filter((process) => process.host === host.id);
    return {
      id: host.id,
      workers: host.workers,
      processes: own.length,
      executed: own.reduce((sum, process) => sum + process.turns, host.turnsEnded),
      stolen: runtime.board?.stolen(host) ?? 0,
      queue_depth: own.filter((process) => process.state === "ready").length,
    };
  })
);

const NS_PER_MS = 1_000_000n;

function nanoseconds(ms: number): bigint {
  return BigInt(Math.trunc(ms)) * NS_PER_MS;
}

const listProcesses: ModuleCommand = (call) => {
  const host = textArgument(call, 1, "host ID");
  if (!call.runtime.hosts.known(host)) throw internal(`host not found: ${host}`);
  return listing((runtime, all) => processesOf(runtime, host, all))(call);
};

function processesOf(runtime: LuaRuntime, host: string, all: readonly ProcessFacts[]): LuaValue {
  return all.filter((process) => process.host === host).map((process) => {
    const facts: { [key: string]: LuaValue } = {
      pid: process.pid,
      host: process.host,
      source: process.entry,
      state: process.state,
      steps: process.turns,
      started_at: nanoseconds(process.startedMs),
      stats: {
        subscriptions: process.subscriptions,
        threads: process.coroutines,
        channels: process.channels,
        worker: process.worker,
      },
    };
    if (process.waitsFor !== "") {
      const id = runtime.modules.catalog.numbers.of(process.waitsFor);
      facts["waits_for"] = id === undefined
        ? { command: process.waitsFor }
        : { command: process.waitsFor, id };
    }
    if (process.parent !== "") facts["parent"] = process.parent;
    if (process.actor !== "") facts["actor_id"] = process.actor;
    return facts;
  });
}

function stateTable(state: ServiceState): LuaValue {
  const table: { [key: string]: LuaValue } = {
    id: state.id,
    status: state.status,
    desired: state.desired,
    retry_count: state.retryCount,
    last_update: nanoseconds(state.lastUpdateMs),
    started_at: state.startedAtMs === null ? 0 : nanoseconds(state.startedAtMs),
  };
  if (state.details !== "") table["details"] = state.details;
  return table;
}

const serviceState: ModuleFunction = (call) => {
  const id = textArgument(call, 1, "service ID");
  const state = call.services.services.state(id);
  if (state === undefined) throw internal(`service not found: ${id}`);
  return stateTable(state);
};

// --- What one node knows of a cluster -----------------------------------------------------------------------------------

function clusterOf(call: Call): Cluster | undefined {
  return call.services.resources.find(ClusterResource, CLUSTER_ID);
}

/** This node's address as a member. */
function nodeAddress(call: Call): string {
  const cluster = clusterOf(call);
  if (cluster === undefined) throw internal("cluster membership not available");
  return cluster.address;
}

function members(call: Call): LuaValue {
  const cluster = clusterOf(call);
  if (cluster === undefined) return [{ id: control(call).node, is_local: true }];
  return cluster.members().map(({ id, isLocal, address, meta }) => {
    const member: { [key: string]: LuaValue } = { id, is_local: isLocal };
    if (address !== "") member["addr"] = address;
    if (Object.keys(meta).length > 0) member["meta"] = { ...meta };
    return member;
  });
}

/** A function that reads this node's part in the consensus core. */
function raftReader(resource: string, read: (view: ConsensusView) => LuaValue): ModuleFunction {
  return reader(resource, (call) => {
    const view = clusterOf(call)?.consensus;
    if (view === undefined) throw internal("raft not available");
    return read(view);
  });
}

function lockFunction(
  act: (call: Call, locks: ClusterLocks, name: string) => Promise<NativeResult>,
): ModuleCommand {
  return (call) => {
    if (call.count < 1 || call.type(1) !== "string") throw new ArgumentError(1, "string", call.type(1));
    const name = call.string(1);
    if (name === "") throw new Failure("Invalid", "lock name required", { retryable: false });
    call.demand("system.lock", name, `permission denied: system.lock on ${name}`);
    const cluster = clusterOf(call);
    if (cluster === undefined) throw internal("lock service not available");
    return act(call, cluster.locks, name);
  };
}

const acquireLock = lockFunction(async (call, locks, name) => {
  if (await locks.acquire(name, call.process.pid)) return true;
  return new Values([
    false,
    luaErrorOf(new Failure("AlreadyExists", `lock held: ${name}`, { retryable: false })),
  ]);
});

const releaseLock = lockFunction((call, locks, name) => locks.release(name, call.process.pid));

export default defineModule({
  name: "system",
  types,
  classes: ["process", "nondeterministic"],
  commands: {
    modules,
    "hosts.list": reader("hosts", listHosts),
    "hosts.processes": reader("hosts", listProcesses),
    "lock.acquire": acquireLock,
    "lock.release": releaseLock,
  },
  functions: {
    exit,
    "memory.stats": reader("memory", memoryStats),
    "memory.allocated": reader("memory", (call) => allocatedBytes(control(call).memory())),
    "memory.heap_objects": reader("memory", (call) => control(call).memory().liveObjects),
    "memory.set_limit": setLimit,
    "memory.get_limit": reader("memory_limit", (call) => limitOf(control(call).memoryBytesMax)),
    "gc.collect": (call) => {
      demand(call, "system.gc", "gc");
      control(call).collectGarbage();
      return true;
    },
    "gc.set_percent": setPercent,
    "gc.get_percent": reader("gc_percent", (call) => control(call).garbagePercent),
    "runtime.goroutines": reader("goroutines", (call) => call.runtime.liveCount),
    "runtime.max_procs": maxProcs,
    "runtime.cpu_count": reader("cpu", (call) => call.services.ports.cpus),
    "process.pid": reader("pid", (call) => call.services.ports.processId),
    "process.hostname": reader("hostname", (call) => call.services.ports.hostname),
    "process.cwd": reader("cwd", (call) => call.services.ports.files.workingDirectory()),
    "supervisor.state": reader("supervisor", serviceState),
    "supervisor.states": reader("supervisor", (call) => call.services.services.states().map(stateTable)),
    "node.id": reader("node", (call) => control(call).node),
    "node.addr": reader("node", nodeAddress),
    "node.role": reader("node", (call) => clusterOf(call)?.role ?? "non-member"),
    "cluster.members": reader("cluster", members),
    "cluster.leader": reader("cluster", (call) => clusterOf(call)?.leader ?? ""),
    "cluster.size": reader("cluster", (call) => clusterOf(call)?.members().length ?? 0),
    "raft.is_leader": raftReader("raft", ({ role }) => role === "leader"),
    "raft.is_member": raftReader("raft", ({ role }) => role !== "non-member"),
    "raft.role": raftReader("raft", ({ role }) => role),
    "raft.term": raftReader("raft", ({ term }) => term),
    "raft.commit_index": raftReader("raft", ({ commitIndex }) => commitIndex),
    "raft.stats": raftReader("raft_stats", ({ stats }) => ({ ...stats })),
  },
});
