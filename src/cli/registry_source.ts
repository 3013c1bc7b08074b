/** Where the `registry` commands look: the application that runs, else what the project has stored. */
import type { ControlClient } from "../app/mod.ts";
import { isHistoryKept } from "../app/running.ts";
import { isValueMap, type Value, type ValueMap } from "../core/mod.ts";
import type {
  Entry,
  EntryOrigin,
  LoadedEntries,
  Operation,
  OperationKind,
  Registry,
} from "../registry/mod.ts";
import type { ParsedArguments } from "./command.ts";
import { connectRunning, findRunning } from "./connection.ts";
import { openSession, type Session } from "./session.ts";

/** Entries and where they stand. */
export interface EntrySource {
  readonly entries: readonly Entry[];
  readonly origin?: (id: string) => EntryOrigin | undefined;
}

/** Entries of the project; with `--connect` those of the running application. */
export async function entriesFor(args: ParsedArguments): Promise<EntrySource> {
  if (args.flag("connect")) {
    const client = await connectRunning(args);
    try {
      return { entries: await entriesOfRunning(client) };
    } finally {
      client.close();
    }
  }
  return await currentEntriesOf(openSession(args, "quiet"), args);
}

/** The entries an application of this project would have after a start; one that runs is asked when it holds the history. */
export async function currentEntriesOf(session: Session, args: ParsedArguments): Promise<LoadedEntries> {
  if (!isHistoryKept(session.project.configuration)) return session.loaded;
  const client = await findRunning(args);
  if (client !== undefined) {
    try {
      return { ...session.loaded, entries: await entriesOfRunning(client) };
    } finally {
      client.close();
    }
  }
  const { currentEntries } = await import("../app/mod.ts");
  return await currentEntries(session);
}

/** All entries of an application that runs. */
export async function entriesOfRunning(client: ControlClient): Promise<Entry[]> {
  return listOf(await client.request("registry.list")).map(entryOf);
}

/** An entry as plain data. */
export function entryValueOf({ id, kind, meta, data }: Entry): ValueMap {
  return { id, kind, meta, data };
}

function entryOf(value: Value): Entry {
  const { id, kind, meta, data } = isValueMap(value) ? value : {};
  return {
    id: String(id),
    kind: String(kind),
    meta: isValueMap(meta) ? meta : {},
    data: isValueMap(data) ? data : {},
  };
}

/** A version as commands show it. */
export interface VersionFacts {
  readonly id: number;
  readonly parent: number | null;
  readonly createdMs: number;
}

/** Versions of an application, running or not. */
export interface VersionSource {
  readonly isRunning: boolean;
  versions(): Promise<{ current: number; versions: VersionFacts[] }>;
  changes(version: number): Promise<readonly Operation[]>;
  diff(from: number, to: number): Promise<readonly Operation[]>;
  rollback(version: number): Promise<void>;
  close(): Promise<void>;
}

/** The versions of the application that runs here, else of the stored history. `canWrite` opens it for a rollback. */
export async function openVersions(args: ParsedArguments, canWrite: boolean): Promise<VersionSource> {
  const client = await findRunning(args);
  if (client !== undefined) return runningVersions(client);
  const session = openSession(args, "quiet");
  const { openStoredRegistry } = await import("../app/mod.ts");
  const { project, loaded, ports, log } = session;
  return storedVersions(await openStoredRegistry({ project, loaded, ports, log, canWrite }));
}

function runningVersions(client: ControlClient): VersionSource {
  return {
    isRunning: true,
    async versions() {
      const answer = await client.request("registry.history");
      const { current, versions } = isValueMap(answer) ? answer : {};
      return { current: Number(current), versions: listOf(versions).map(versionOf) };
    },
    changes: async (version) => operationsOf(await client.request("registry.changes", { version })),
    diff: async (from, to) => operationsOf(await client.request("registry.diff", { from, to })),
    async rollback(version) {
      await client.request("registry.rollback", { version });
    },
    close() {
      client.close();
      return Promise.resolve();
    },
  };
}

function storedVersions(registry: Registry): VersionSource {
  return {
    isRunning: false,
    versions: () => Promise.resolve({ current: registry.version().id, versions: registry.versions() }),
    changes: (version) => registry.changesOf(version),
    async diff(from, to) {
      const before = await registry.snapshotAt(from);
      const after = await registry.snapshotAt(to);
      return registry.buildDelta([...before.state.all()], [...after.state.all()]);
    },
    async rollback(version) {
      await registry.applyVersion(version);
    },
    close: () => registry.close(),
  };
}

/** The change set in an answer of a running application. */
export function operationsOf(value: Value): Operation[] {
  return listOf(value).map(operationOf);
}

function listOf(value: Value): ValueMap[] {
  return Array.isArray(value) ? value.filter(isValueMap) : [];
}

function versionOf({ id, parent, created_ms }: ValueMap): VersionFacts {
  return {
    id: Number(id),
    parent: typeof parent === "number" ? parent : null,
    createdMs: Number(created_ms),
  };
}

function operationOf({ kind, entry, original }: ValueMap): Operation {
  return {
    kind: String(kind) as OperationKind,
    entry: entryOf(entry),
    ...(isValueMap(original) ? { original: entryOf(original) } : {}),
  };
}
