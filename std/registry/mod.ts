/** The `registry` module: entries, versions and changes of the running application. */
import { Failure, type Value, type ValueMap } from "../../src/core/mod.ts";
import { type Call, defineModule, defineObject, type ObjectDefinition } from "../../src/lua/mod.ts";
import {
  type Change,
  type CompileExpression,
  type Entry,
  printVersion,
  type Registry,
  REGISTRY_ID,
  RegistryResource,
  type RegistryState,
  type Version,
} from "../../src/registry/mod.ts";
import { ArgumentError, type LuaValue, type NativeResult } from "../../src/vm/mod.ts";
import { entriesOf, entryOf, entryTable, filterOf, idOf, idTable, operationTable } from "./entry_value.ts";
import types from "./registry.d.lua" with { type: "text" };

/** A version in the hands of a script. */
interface VersionHandle {
  readonly registry: Registry;
  readonly version: Version;
}

/** The registry at one version. */
interface SnapshotHandle {
  readonly registry: Registry;
  readonly version: Version;
  readonly state: RegistryState;
}

/** Changes being collected. */
interface ChangesHandle {
  readonly registry: Registry;
  /** What the changes were begun on; deletes are shown with the entry that stands there. */
  readonly state: RegistryState;
  changes: Change[];
}

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function registryOf(call: Call): Registry {
  const registry = call.services.resources.find(RegistryResource, REGISTRY_ID);
  if (registry === undefined) {
    throw new Failure("Internal", "registry is not available", { retryable: false });
  }
  return registry;
}

/** Compiles expressions that run in linear time. Loaded only when a filter has one. */
async function expressionCompiler(): Promise<CompileExpression> {
  const { RE2JS } = await import("re2js");
  return (pattern) => {
    const expression = RE2JS.compile(pattern);
    return (text) => expression.matcher(text).find();
  };
}

function noExpression(): never {
  throw new Error("a filter without expressions compiled one");
}

/** Entries the caller may read, as tables. */
function readable(call: Call, entries: Iterable<Entry>): LuaValue[] {
  const tables: LuaValue[] = [];
  for (const entry of entries) if (call.allowed("registry.get", entry.id)) tables.push(entryTable(entry));
  return tables;
}

function get(call: Call, state: RegistryState, i: number): LuaValue {
  const id = call.string(i);
  call.demand("registry.get", id, `not allowed to access entry: ${id}`);
  const entry = state.get(id);
  if (entry === undefined) throw new Failure("NotFound", `entry not found: ${id}`, { retryable: false });
  return entryTable(entry);
}

function find(
  call: Call,
  registry: Registry,
  state: RegistryState,
  i: number,
): NativeResult | Promise<NativeResult> {
  if (call.type(i) !== "table") throw new ArgumentError(i, "table", call.type(i));
  const filter: ValueMap | undefined = filterOf(call.value(i));
  if (filter === undefined) throw invalid("filter must have text keys");
  const log = call.services.log.named("registry");
  const search = (compile: CompileExpression): NativeResult => {
    const warn = (message: string, fields: Record<string, Value>): void => {
      log.warn(message, { ...fields, entry: call.process.entryId });
    };
    return readable(call, registry.finder.find(state, filter, { compile, warn }));
  };
  const hasExpression = Object.keys(filter).some((key) => key.startsWith("~"));
  return hasExpression ? expressionCompiler().then(search) : search(noExpression);
}

function wholeNumber(call: Call, i: number): number {
  const id = call.type(i) === "number" ? call.number(i) : Number.NaN;
  if (!Number.isInteger(id) || id < 0) throw invalid("invalid version ID");
  return id;
}

function versionArgument(call: Call, i: number): VersionHandle {
  const handle = call.object(i, versionObject);
  if (handle === undefined) throw invalid("expected version object");
  return handle;
}

function versionHandle(call: Call, registry: Registry, version: Version | undefined): LuaValue {
  return version === undefined ? null : call.create(versionObject, { registry, version });
}

function versionList(call: Call, registry: Registry): LuaValue[] {
  return registry.versions().map((version) => versionHandle(call, registry, version));
}

async function snapshotAt(call: Call, registry: Registry, id: number): Promise<NativeResult> {
  const snapshot = await registry.snapshotAt(id);
  return call.create(snapshotObject, { registry, ...snapshot });
}

const versionObject: ObjectDefinition<VersionHandle> = defineObject<VersionHandle>({
  name: "registry.Version",
  tostring: ({ version }) => `registry.Version{${printVersion(version.id)}}`,
  methods: {
    id: (call) => call.self(versionObject).version.id,
    string: (call) => printVersion(call.self(versionObject).version.id),
    previous: (call) => {
      const { registry, version } = call.self(versionObject);
      return versionHandle(call, registry, registry.previous(version.id));
    },
    next: (call) => {
      const { registry, version } = call.self(versionObject);
      return versionHandle(call, registry, registry.next(version.id));
    },
  },
  operators: {
    eq: (call) => {
      const [a, b] = [call.object(1, versionObject), call.object(2, versionObject)];
      return a !== undefined && b !== undefined && a.registry === b.registry && a.version.id === b.version.id;
    },
  },
});

const changesObject: ObjectDefinition<ChangesHandle> = defineObject<ChangesHandle>({
  name: "registry.Changes",
  tostring: ({ changes }) => `registry.Changes{ops=${changes.length}}`,
  methods: {
    create: (call) => {
      call.self(changesObject).changes.push({ kind: "entry.create", entry: entryOf(call.value(2)) });
      return true;
    },
    update: (call) => {
      call.self(changesObject).changes.push({ kind: "entry.update", entry: entryOf(call.value(2)) });
      return true;
    },
    delete: (call) => {
      call.self(changesObject).changes.push({ kind: "entry.delete", id: idOf(call.value(2)) });
      return true;
    },
    ops: (call) => {
      const { changes, state } = call.self(changesObject);
      return changes.map((change) => {
        if (change.kind !== "entry.delete") return operationTable(change);
        const entry = state.get(change.id);
        return entry === undefined || !call.allowed("registry.get", change.id)
          ? { kind: change.kind, entry: { id: change.id } }
          : operationTable({ kind: change.kind, entry });
      });
    },
  },
  commands: {
    apply: async (call) => {
      const handle = call.self(changesObject);
      call.demand("registry.apply", "", "not allowed to apply registry changes");
      const applied = handle.changes;
      if (applied.length === 0) throw invalid("no changes to apply");
      const version = await handle.registry.apply(applied);
      // What was queued while this was under way stays.
      handle.changes = handle.changes.slice(applied.length);
      return versionHandle(call, handle.registry, version);
    },
  },
});

const snapshotObject: ObjectDefinition<SnapshotHandle> = defineObject<SnapshotHandle>({
  name: "registry.Snapshot",
  tostring: ({ version }) => `registry.Snapshot{version=${printVersion(version.id)}}`,
  methods: {
    entries: (call) => readable(call, call.self(snapshotObject).state.all()),
    get: (call) => get(call, call.self(snapshotObject).state, 2),
    namespace: (call) => readable(call, call.self(snapshotObject).state.namespace(call.string(2))),
    version: (call) => {
      const { registry, version } = call.self(snapshotObject);
      return versionHandle(call, registry, version);
    },
    changes: (call) => {
      const { registry, state } = call.self(snapshotObject);
      return call.create(changesObject, { registry, state, changes: [] });
    },
  },
  commands: {
    find: (call) => {
      const { registry, state } = call.self(snapshotObject);
      return find(call, registry, state, 2);
    },
  },
});

const historyObject: ObjectDefinition<Registry> = defineObject<Registry>({
  name: "registry.History",
  tostring: () => "registry.History{}",
  methods: {
    versions: (call) => versionList(call, call.self(historyObject)),
    get_version: (call) => {
      const registry = call.self(historyObject);
      return versionHandle(call, registry, registry.versionAt(wholeNumber(call, 2)));
    },
  },
  commands: {
    snapshot_at: (call) => {
      const registry = call.self(historyObject);
      return snapshotAt(call, registry, versionArgument(call, 2).version.id);
    },
  },
});

export default defineModule({
  name: "registry",
  types,
  classes: ["nondeterministic", "storage"],
  functions: {
    get: (call) => get(call, registryOf(call).snapshot().state, 1),
    parse_id: (call) => idTable(call.string(1)),
    snapshot: (call) => {
      const registry = registryOf(call);
      return call.create(snapshotObject, { registry, ...registry.snapshot() });
    },
    current_version: (call) => {
      const registry = registryOf(call);
      return versionHandle(call, registry, registry.version());
    },
    versions: (call) => versionList(call, registryOf(call)),
    history: (call) => call.create(historyObject, registryOf(call)),
  },
  commands: {
    build_delta: (call) => {
      const from = entriesOf(call.value(1));
      const delta = registryOf(call).buildDelta(from, entriesOf(call.value(2)));
      return delta instanceof Promise
        ? delta.then((operations) => operations.map(operationTable))
        : delta.map(operationTable);
    },
    find: (call) => {
      const registry = registryOf(call);
      return find(call, registry, registry.snapshot().state, 1);
    },
    snapshot_at: (call) => snapshotAt(call, registryOf(call), wholeNumber(call, 1)),
    apply_version: async (call) => {
      const { version } = versionArgument(call, 1);
      call.demand("registry.apply_version", "", "registry version change is not allowed");
      await registryOf(call).applyVersion(version.id);
      return true;
    },
  },
  objects: [versionObject, changesObject, snapshotObject, historyObject] as never[],
});
