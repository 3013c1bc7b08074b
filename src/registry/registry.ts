/**
 * The registry: entries in immutable versions, and the one way to change them.
 *
 * A change set is squashed and validated, ordered by dependencies, offered to kinds operation by operation, stored, and then
 * becomes the current version; a refusal at any point undoes what was done. Decoding and opening belong to `KindRunner`,
 * keeping versions to a `History`.
 *
 * REG1. Changes are carried out one after the other; a reader sees the version before or after one, never between.
 * REG2. A version is current only after its change set was stored (when it can't be stored, it is undone like a refusal).
 * REG3. `applyVersion` makes no version: it walks the change sets between the current version and the wanted one, in one
 *       transaction, and moves the head. A later change then starts a branch; nothing of the old one is lost.
 * REG4. Definition files are one author among others. The registry remembers (as digests) what it last read from them, and the
 *       change that `load` applies is the difference between then and now. So edits and rollbacks made at run time survive a
 *       restart as long as the files say what they said; where files did change, they win for the entries that changed. The
 *       first load makes version 0; a load that finds the files unchanged makes none.
 * REG5. At boot the stored head is replayed, not solved again, brought up to date with the files, and offered as creates.
 */
import { Failure, KIND_OPERATION_TIMEOUT_MS } from "../core/mod.ts";
import { type Change, difference, entriesEqual, type Operation, operationOf, squash } from "./change_set.ts";
import { orderEntries, orderOperations } from "./dependency_order.ts";
import { digestOf } from "./digest.ts";
import type { Entry, EntryOrigin, EntryPlace } from "./entry.ts";
import { type FileDigests, type History, MemoryHistory, type ModuleGraph } from "./history.ts";
import { Finder, type FinderOptions } from "./finder.ts";
import type { KindServices } from "./kind.ts";
import type { EntryObserver, KindTable } from "./kind_table.ts";
import { RegistryState } from "./state.ts";
import { Transactions } from "./transaction.ts";
import type { Version } from "./version.ts";
import { VersionLog } from "./version_log.ts";

/** Versions that a history in memory holds by default; the oldest are forgotten first. */
export const MEMORY_VERSIONS_MAX = 10_000;

/** Entries as a loader read them. */
export interface LoadedEntries {
  readonly entries: readonly Entry[];
  /** Where an entry stands, for messages. */
  origin?(id: string): EntryOrigin | undefined;
  /** Where an entry's text is; undefined for entries that stand in no file. */
  place?(id: string): EntryPlace | undefined;
  /** Modules the entries come from. */
  readonly graph?: ModuleGraph;
  /** Modules that come with the program: what is in them is known to be well-formed. */
  readonly proven?: ReadonlySet<string>;
}

/** What a registry is made of. */
export interface RegistryOptions {
  readonly kinds: KindTable;
  /** What kinds may use; a function because some of it is made after the registry. */
  readonly services: () => Omit<KindServices, "entries">;
  /** Default: in memory. */
  readonly history?: History;
  /** Longest wait for a kind to accept or reject one operation, in milliseconds. */
  readonly operationTimeoutMs?: number;
  readonly finder?: FinderOptions;
  /** Turns what is asked for into what is applied: links requirements, brings in modules. */
  readonly prepare?: (
    operations: readonly Operation[],
    state: RegistryState,
  ) => PreparedChange | Promise<PreparedChange>;
  /** Solves the modules of a version whose graph was never stored. */
  readonly resolveGraph?: (
    state: RegistryState,
  ) => ModuleGraph | undefined | Promise<ModuleGraph | undefined>;
}

/** A change set after preparation. */
export interface PreparedChange {
  readonly operations: readonly Operation[];
  readonly graph?: ModuleGraph;
}

/** One state with its version. */
export interface Snapshot {
  readonly version: Version;
  readonly state: RegistryState;
}

/** The entries of an application. */
export class Registry {
  readonly kinds: KindTable;
  readonly finder: Finder;
  readonly #options: RegistryOptions;
  readonly #log: VersionLog;
  readonly #transactions: Transactions;
  #current: Snapshot | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #origin: LoadedEntries["origin"];
  #phase: "new" | "open" | "closed" = "new";
  #closing: Promise<void> | undefined;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.kinds = options.kinds;
    this.finder = new Finder(() => this.state, options.finder);
    this.#log = new VersionLog(options.history ?? new MemoryHistory(MEMORY_VERSIONS_MAX));
    this.#transactions = new Transactions({
      kinds: options.kinds,
      services: options.services,
      timeoutMs: options.operationTimeoutMs ?? KIND_OPERATION_TIMEOUT_MS,
      origin: (id) => this.origin(id),
    });
  }

  // --- Reading --------------------------------------------------------------------------------------------------------

  /** The current version and state; fails with Internal before the first load. */
  snapshot(): Snapshot {
    if (this.#current === undefined) {
      throw new Failure("Internal", "registry is not available", { retryable: true });
    }
    return this.#current;
  }

  /** The current state; empty before the first load. */
  get state(): RegistryState {
    return this.#current?.state ?? RegistryState.empty;
  }

  get(id: string): Entry | undefined {
    return this.state.get(id);
  }

  /** The current version. */
  version(): Version {
    return this.snapshot().version;
  }

  /** All versions, oldest first. */
  versions(): Version[] {
    return this.#log.tree.all();
  }

  /** A version by id; fails with NotFound. */
  versionAt(id: number): Version {
    return this.#log.tree.require(id);
  }

  /** The version it was made from. */
  previous(id: number): Version | undefined {
    return this.#log.tree.previous(id);
  }

  /** The youngest version made from it. */
  next(id: number): Version | undefined {
    return this.#log.tree.next(id);
  }

  /** The state at a version; fails with NotFound. */
  async snapshotAt(id: number): Promise<Snapshot> {
    const { version, state } = this.snapshot();
    const wanted = this.#log.tree.require(id);
    return { version: wanted, state: state.with(await this.#log.way(version.id, id)) };
  }

  /** The change set that made a version; fails with NotFound. */
  changesOf(id: number): Promise<readonly Operation[]> {
    return this.#log.operations(id);
  }

  /** The modules a version was built with; fails with NotFound. */
  graphOf(id: number): Promise<ModuleGraph | undefined> {
    return this.#log.graph(id);
  }

  /** Where an entry stands in definition files, when it came from there. */
  origin(id: string): EntryOrigin | undefined {
    return this.#origin?.(id);
  }

  /** Watches entries of some kinds. */
  observe(pattern: string, observer: EntryObserver): () => void {
    return this.kinds.observe(pattern, observer);
  }

  /** Ordered operations that lead from one list of entries to another. */
  buildDelta(from: readonly Entry[], to: readonly Entry[]): Operation[] | Promise<Operation[]> {
    const build = (): Operation[] =>
      this.#ordered(difference(from, to), RegistryState.of(from), RegistryState.of(to));
    const loading = this.kinds.load([...from, ...to]);
    return loading === undefined ? build() : loading.then(build);
  }

  // --- Changing -------------------------------------------------------------------------------------------------------

  /**
   * Applies changes as one change set; the new version. Fails with Invalid `no changes to apply` when they amount to
   * nothing, with AlreadyExists, NotFound or Invalid on changes that don't fit, and with the kind's failure when one
   * refuses.
   */
  apply(changes: Iterable<Change>): Promise<Version> {
    const wanted = [...changes];
    return this.#exclusively(async () => {
      const { state } = this.snapshot();
      const asked = squash(wanted, state);
      if (asked.length === 0) throw new Failure("Invalid", "no changes to apply", { retryable: false });
      const prepared = await this.#options.prepare?.(asked, state) ?? { operations: asked };
      return await this.#commit(prepared, undefined);
    });
  }

  /** Makes `id` the current version; fails with NotFound, or with the failure of a kind that refuses. */
  applyVersion(id: number): Promise<Version> {
    return this.#exclusively(async () => {
      const { version, state } = this.snapshot();
      const wanted = this.#log.tree.require(id);
      if (wanted.id === version.id) return wanted;
      const after = state.with(await this.#log.way(version.id, id));
      await this.kinds.load(after.all());
      const operations = this.#ordered(difference(state.all(), after.all()), state, after);
      await this.#transactions.run(operations, state, after, async () => {
        await this.#log.completeGraph(id, () => this.#options.resolveGraph?.(after));
        await this.#log.moveHead(id);
      });
      this.#current = { version: wanted, state: after };
      await this.#transactions.refresh(idsOf(operations), after);
      return wanted;
    });
  }

  /**
   * Brings the registry up to date with definition files (REG4). The first call opens the history and every entry; it
   * must come before anything else. Returns the version that is current afterwards.
   */
  load(loaded: LoadedEntries): Promise<Version> {
    return this.#exclusively(async () => {
      this.#origin = loaded.origin;
      if (this.#phase === "new") return await this.#boot(loaded);
      const { state, version } = this.snapshot();
      const digests = digestsOf(loaded.entries);
      const operations = this.#fileChanges(loaded.entries, digests, state);
      if (operations.length > 0) return await this.#commit({ operations, graph: loaded.graph }, digests);
      await this.#log.setFiles(digests);
      return version;
    });
  }

  /**
   * Brings entries up to date after the value of a variable has changed: those that name it in a placeholder are decoded anew
   * and, when that gives something else, changed. What refuses is logged and goes on with what it had. Never rejects.
   */
  variableChanged(id: string): Promise<void> {
    const work = this.#queue.then(async () => {
      if (this.#phase === "open") await this.#transactions.refresh(new Set([id]), this.state);
    });
    this.#queue = work;
    return work;
  }

  /** Closes every entry, dependents first, and the history. Changes asked for afterwards fail with Internal. */
  close(): Promise<void> {
    this.#closing ??= this.#exclusively(async () => {
      const opened = this.#phase === "open";
      this.#phase = "closed";
      if (opened) await this.#transactions.closeAll(this.state);
      await this.#log.close();
    });
    return this.#closing;
  }

  // --- Inside ---------------------------------------------------------------------------------------------------------

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => {
      if (this.#phase === "closed") {
        throw new Failure("Internal", "registry is not available", { retryable: false });
      }
      return work();
    });
    this.#queue = result.catch(() => {
      // The caller learns of it; the next one starts all the same.
    });
    return result;
  }

  async #boot(loaded: LoadedEntries): Promise<Version> {
    const head = await this.#log.open();
    this.#phase = "open";
    const digests = digestsOf(loaded.entries);
    const base = head === null ? RegistryState.empty : await this.#log.replay(head);
    const operations = this.#fileChanges(loaded.entries, digests, base);
    const state = base.with(operations);
    await this.kinds.load([...base.all(), ...state.all()]);
    const creates = orderEntries(state.all(), state, this.kinds.referencesAmong(state.all()))
      .map((entry): Operation => ({ kind: "entry.create", entry }));
    let version = head === null ? undefined : this.#log.tree.require(head);
    await this.#transactions.run(creates, RegistryState.empty, state, async () => {
      if (version === undefined || operations.length > 0) {
        const ordered = this.#ordered(operations, base, state);
        version = await this.#append({ operations: ordered, graph: loaded.graph }, head, state, digests);
        return;
      }
      await this.#log.setFiles(digests);
      await this.#log.completeGraph(version.id, () => loaded.graph);
    });
    this.#current = { version: version!, state };
    return version!;
  }

  /** What changed in the files since they were last read, as operations on `state`. */
  #fileChanges(entries: readonly Entry[], digests: FileDigests, state: RegistryState): Operation[] {
    const operations: Operation[] = [];
    for (const entry of entries) {
      if (this.#log.files.get(entry.id) === digests.get(entry.id)) continue;
      const before = state.get(entry.id);
      if (before === undefined || !entriesEqual(before, entry)) operations.push(operationOf(before, entry)!);
    }
    for (const id of this.#log.files.keys()) {
      if (digests.has(id)) continue;
      const operation = operationOf(state.get(id), undefined);
      if (operation !== undefined) operations.push(operation);
    }
    return operations;
  }

  #ordered(operations: readonly Operation[], before: RegistryState, after: RegistryState): Operation[] {
    const now = this.kinds.referencesAmong(after.all());
    const then = this.kinds.referencesAmong(before.all());
    const isNow = (entry: Entry) => after.get(entry.id) === entry;
    return orderOperations(operations, before, after, (entry) => isNow(entry) ? now(entry) : then(entry));
  }

  /** Offers a change set, stores it and makes it the current version. */
  async #commit(change: PreparedChange, files: FileDigests | undefined): Promise<Version> {
    const { version: parent, state } = this.snapshot();
    const after = state.with(change.operations);
    await this.kinds.load(after.all());
    const operations = this.#ordered(change.operations, state, after);
    let version: Version | undefined;
    await this.#transactions.run(operations, state, after, async () => {
      version = await this.#append({ ...change, operations }, parent.id, after, files);
    });
    this.#current = { version: version!, state: after };
    await this.#transactions.refresh(idsOf(operations), after);
    return version!;
  }

  #append(
    { operations, graph }: PreparedChange,
    parent: number | null,
    state: RegistryState,
    files: FileDigests | undefined,
  ): Promise<Version> {
    const createdMs = Math.floor(this.#options.services().ports.clock.nowMs());
    return this.#log.append({ parent, createdMs, operations, state, graph, files });
  }
}

function digestsOf(entries: readonly Entry[]): FileDigests {
  return new Map(entries.map((entry) => [entry.id, digestOf(entry)]));
}

function idsOf(operations: readonly Operation[]): Set<string> {
  return new Set(operations.map((operation) => operation.entry.id));
}
