/**
 * What a running application does for those who ask over its control connection.
 */
import { Failure, isValueMap, type Value, type ValueMap } from "../../core/mod.ts";
import type { LuaRuntime, ProcessFacts } from "../../lua/mod.ts";
import type { Ports, ServiceRegistry } from "../../ports/mod.ts";
import {
  type Change,
  difference,
  type Entry,
  entryValue,
  type LoadedEntries,
  type Operation,
  type Registry,
  type Version,
} from "../../registry/mod.ts";

import type { ShellDesk } from "./shell_desk.ts";

/** What the operations work on. */
export interface ControlSubject {
  readonly ports: Ports;
  readonly runtime: LuaRuntime;
  readonly registry: Registry;
  readonly services: ServiceRegistry;
  readonly node: string;
  /** Reads the definition files again; undefined in an application without any. */
  readonly reload: (() => LoadedEntries) | undefined;
  /** Asks the application to end. */
  readonly exit: (code: number) => void;
  /** Interactive sessions of those who are connected. */
  readonly shells: ShellDesk;
}

/** One operation. `signal` aborts when whoever asked has gone. */
export type ControlOperation = (
  subject: ControlSubject,
  given: ValueMap,
  signal: AbortSignal,
) => Value | Promise<Value>;

function text(given: ValueMap, key: string): string {
  const value = given[key];
  if (typeof value === "string" && value !== "") return value;
  throw new Failure("Invalid", `${key} must be a text`, { retryable: false });
}

function whole(given: ValueMap, key: string): number {
  const value = given[key];
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new Failure("Invalid", `${key} must be a whole number`, { retryable: false });
}

function versionValue(version: Version): ValueMap {
  return { id: version.id, parent: version.parent, created_ms: version.createdMs };
}

function operationValue(operation: Operation): Value {
  const { entry, kind, original } = operation;
  return {
    kind,
    entry: entryValue(entry),
    ...(original === undefined ? {} : { original: entryValue(original) }),
  };
}

function processValue(facts: ProcessFacts): ValueMap {
  return { ...facts, names: [...facts.names] };
}

async function call({ runtime }: ControlSubject, given: ValueMap, signal: AbortSignal): Promise<Value> {
  const args = given["args"];
  const options = given["options"];
  const outcome = await runtime.call(text(given, "target"), Array.isArray(args) ? args : [], {
    signal,
    options: isValueMap(options) ? options : undefined,
  });
  if (!outcome.ok) throw outcome.failure;
  return outcome.value;
}

function changeOf(value: Value): Change {
  const kind = isValueMap(value) ? value["kind"] : undefined;
  if (!isValueMap(value) || typeof kind !== "string") throw new Failure("Invalid", "a change needs a kind");
  if (kind === "entry.delete") return { kind, id: text(value, "id") };
  const entry = value["entry"];
  if (!isValueMap(entry) || (kind !== "entry.create" && kind !== "entry.update")) {
    throw new Failure(
      "Invalid",
      `${kind} is no change; there are entry.create, entry.update and entry.delete`,
    );
  }
  const { meta, data } = entry;
  return {
    kind,
    entry: {
      id: text(entry, "id"),
      kind: text(entry, "kind"),
      meta: isValueMap(meta) ? meta : {},
      data: isValueMap(data) ? data : {},
    },
  };
}

/** Brings the registry up to date with the files; with `restart` also the services that run code from before. */
async function reload(
  { registry, reload, runtime, services }: ControlSubject,
  given: ValueMap,
): Promise<Value> {
  if (reload === undefined) {
    throw new Failure("Unavailable", "this application has no files to read again", { retryable: false });
  }
  const from = registry.version().id;
  const to = await registry.load(reload());
  const restarted: string[] = [];
  if (given["restart"] === true) {
    const stale = new Set(staleProcesses(runtime).map(({ pid }) => pid));
    for (const { id } of services.states().filter(({ details }) => stale.has(details))) {
      await services.stop(id);
      await services.start(id);
      restarted.push(id);
    }
  }
  const stale = staleProcesses(runtime).map(({ pid, entry }) => ({ pid, entry }));
  return { from, to: to.id, restarted, stale };
}

function staleProcesses(runtime: LuaRuntime): ProcessFacts[] {
  return runtime.processes().filter((facts) => facts.stale);
}

/** Every operation by name. */
export const CONTROL_OPERATIONS: Readonly<Record<string, ControlOperation>> = {
  status: ({ node, ports, registry, services }) => ({
    node,
    process: ports.processId,
    version: registry.version().id,
    services: services.states().map((state) => ({ ...state })),
  }),
  call,
  ps: async ({ runtime }) => ({
    processes: (await runtime.observedProcesses()).map(processValue),
    functions: Object.entries(runtime.functions.workers()).map(([id, workers]) => ({ id, ...workers })),
    calls: runtime.liveCount,
  }),
  "shell.open": async ({ runtime, shells }, _given, signal) => ({
    session: await shells.open(runtime, signal),
  }),
  "shell.run": async ({ shells }, given) => await shells.run(whole(given, "session"), text(given, "source")),
  "shell.output": ({ shells }, given) => shells.output(whole(given, "session")),
  "shell.cancel": ({ shells }, given) => {
    shells.cancel(whole(given, "session"));
    return true;
  },
  stop: ({ exit }, given) => {
    exit(given["code"] === undefined ? 0 : whole(given, "code"));
    return true;
  },
  "registry.list": ({ registry }) => [...registry.state.all()].map(entryValue),
  "registry.show": ({ registry }, given) => {
    const id = text(given, "id");
    const entry: Entry | undefined = registry.get(id);
    if (entry === undefined) throw new Failure("NotFound", `entry not found: ${id}`, { retryable: false });
    const origin = registry.origin(id);
    return { entry: entryValue(entry), ...(origin === undefined ? {} : { origin: { ...origin } }) };
  },
  "registry.history": ({ registry }) => ({
    current: registry.version().id,
    versions: registry.versions().map(versionValue),
  }),
  "registry.changes": async ({ registry }, given) =>
    (await registry.changesOf(whole(given, "version"))).map(operationValue),
  "registry.diff": async ({ registry }, given) => {
    const from = await registry.snapshotAt(whole(given, "from"));
    const to = await registry.snapshotAt(whole(given, "to"));
    return difference(from.state.all(), to.state.all()).map(operationValue);
  },
  "registry.rollback": async ({ registry }, given) =>
    versionValue(await registry.applyVersion(whole(given, "version"))),
  "registry.reload": reload,
  "registry.apply": async ({ registry }, given) => {
    const changes = given["changes"];
    if (!Array.isArray(changes)) throw new Failure("Invalid", "changes must be a list");
    return versionValue(await registry.apply(changes.map(changeOf)));
  },
};
