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
import { asFailure, Failure, KIND_OPERATION_TIMEOUT_MS } from "../core/mod.ts";
import {
  type Change,
  difference,
  entriesEqual,
  entryValue,
  inverseOf,
  type Operation,
  operationOf,
  squash,
} from "./change_set.ts";
import { orderEntries, orderOperations } from "./dependency_order.ts";
import { digestOf } from "./digest.ts";
import type { Entry, EntryOrigin } from "./entry.ts";
import { type FileDigests, type History, MemoryHistory, type ModuleGraph } from "./history.ts";
import type { KindServices } from "./kind.ts";
import { KindRunner, type RunView } from "./kind_runner.ts";
import { type EntryObserver, type KindTable } from "./kind_table.ts";
import { RegistryState } from "./state.ts";
import { type Version, VersionTree } from "./version.ts";

/** Versions that a history in memory holds by default; the oldest are forgotten first. */
export const MEMORY_VERSIONS_MAX = 10_000;
/** Longest the VM waits while one change set is validated and offered, in milliseconds. */
const UNBROKEN_MS = 5;

/** Entries as a loader read them. */
export interface LoadedEntries {
  readonly entries: readonly Entry[];
  /** Where an entry stands, for messages. */
  origin?(id: string): EntryOrigin | undefined;
  /** Modules the entries come from. */
  readonly graph?: ModuleGraph;
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
  /** Turns what is asked for into what is applied: links requirements, brings in modules. */
  readonly prepare?: (
    operations: readonly Operation[],
    state: RegistryState,
  ) => PreparedChange | Promise<PreparedChange>;
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
  readonly #options: RegistryOptions;
  readonly #history: History;
  readonly #changed = new Set<(snapshot: Snapshot, operations: readonly Operation[]) => void>();
  #runner: KindRunner | undefined;
  #versions = new VersionTree();
  #current: Snapshot | undefined;
  #files: FileDigests = new Map();
  #lastId = -1;
  #queue: Promise<unknown> = Promise.resolve();
  #origin: LoadedEntries["origin"];
  #phase: "new" | "open" | "closed" = "new";

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.kinds = options.kinds;
    this.#history = options.history ?? new MemoryHistory(MEMORY_VERSIONS_MAX);
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
    return this.#versions.all();
  }

  /** A version by id; fails with NotFound. */
  versionAt(id: number): Version {
    return this.#versions.require(id);
  }

  previous(id: number): Version | undefined {
    return this.#versions.previous(id);
  }

  next(id: number): Version | undefined {
    return this.#versions.next(id);
  }

  /** The state at a version; fails with NotFound. */
  async snapshotAt(id: number): Promise<Snapshot> {
    const { version, state } = this.snapshot();
    const wanted = this.#versions.require(id);
    const operations = await this.#way(version.id, id);
    return { version: wanted, state: state.with(operations) };
  }

  /** The change set that made a version; fails with NotFound. */
  async changesOf(id: number): Promise<readonly Operation[]> {
    this.#versions.require(id);
    return await this.#history.operations(id);
  }

  /** The modules a version was built with. */
  async graphOf(id: number): Promise<ModuleGraph | undefined> {
    this.#versions.require(id);
    return await this.#history.graph(id);
  }

  /** Where an entry stands in definition files, when it came from there. */
  origin(id: string): EntryOrigin | undefined {
    return this.#origin?.(id);
  }

  /** Calls `listener` after each change of the current version; returns a function that stops it. */
  onChange(listener: (snapshot: Snapshot, operations: readonly Operation[]) => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }

  /** Watches entries of some kinds. */
  observe(pattern: string, observer: EntryObserver): () => void {
    return this.kinds.observe(pattern, observer);
  }

  /** Ordered operations that lead from one list of entries to another. */
  buildDelta(from: readonly Entry[], to: readonly Entry[]): Operation[] {
    const before = RegistryState.of(from);
    return this.#ordered(difference(from, to), before, RegistryState.of(to));
  }

  // --- Changing -------------------------------------------------------------------------------------------------------

  /**
   * Applies changes as one change set; the new version. Fails with Invalid `no changes to apply` when they amount to nothing,
   * with AlreadyExists, NotFound or Invalid on changes that don't fit, and with the kind's failure when one refuses.
   */
  apply(changes: Iterable<Change>): Promise<Version> {
    const wanted = [...changes];
    return this.#exclusively(async () => {
      const { state } = this.snapshot();
      const asked = squash(wanted, state);
      const prepared = await this.#options.prepare?.(asked, state) ?? { operations: asked };
      if (prepared.operations.length === 0) {
        throw new Failure("Invalid", "no changes to apply", { retryable: false });
      }
      return await this.#commitVersion(prepared, undefined);
    });
  }

  /** Makes `id` the current version; fails with NotFound, or with the failure of a kind that refuses. */
  applyVersion(id: number): Promise<Version> {
    return this.#exclusively(async () => {
      const { version, state } = this.snapshot();
      const wanted = this.#versions.require(id);
      if (wanted.id === version.id) return wanted;
      const after = state.with(await this.#way(version.id, id));
      const operations = this.#ordered(difference(state.all(), after.all()), state, after);
      await this.#transact(operations, state, after, () => this.#history.moveHead(id));
      this.#become({ version: wanted, state: after }, operations);
      return wanted;
    });
  }

  /**
   * Brings the registry up to date with definition files (REG4). The first call opens the history and every entry; it must come
   * before anything else. Returns the version that is current afterwards.
   */
  load(loaded: LoadedEntries): Promise<Version> {
    return this.#exclusively(async () => {
      this.#origin = loaded.origin;
      if (this.#phase === "new") return await this.#boot(loaded);
      const { state, version } = this.snapshot();
      const digests = digestsOf(loaded.entries);
      const operations = this.#fileChanges(loaded.entries, digests, state);
      if (operations.length > 0) {
        return await this.#commitVersion({ operations, graph: loaded.graph }, digests);
      }
      if (!sameDigests(digests, this.#files)) await this.#history.setFiles(digests);
      this.#files = digests;
      return version;
    });
  }

  /** Closes every entry, dependents first, and the history. */
  close(): Promise<void> {
    return this.#exclusively(async () => {
      if (this.#phase === "closed") return;
      const opened = this.#phase === "open";
      this.#phase = "closed";
      if (opened) await this.#closeAll(this.state);
      await this.#history.close();
    });
  }

  // --- Inside ---------------------------------------------------------------------------------------------------------

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {
      // The caller learns of it; the next one starts all the same.
    });
    return result;
  }

  /** The change sets from one version to another, as they must be carried out. */
  async #way(from: number, to: number): Promise<Operation[]> {
    const operations: Operation[] = [];
    for (const step of this.#versions.path(from, to)) {
      const changes = await this.#history.operations(step.version);
      operations.push(...(step.forward ? changes : changes.toReversed().map(inverseOf)));
    }
    return operations;
  }

  async #boot(loaded: LoadedEntries): Promise<Version> {
    const stored = await this.#history.open();
    this.#versions = new VersionTree(stored.versions);
    this.#files = stored.files;
    this.#lastId = stored.versions.reduce((highest, version) => Math.max(highest, version.id), -1);
    this.#phase = "open";
    const digests = digestsOf(loaded.entries);
    const base = stored.head === null ? RegistryState.empty : await this.#replay(stored.head);
    const operations = this.#fileChanges(loaded.entries, digests, base);
    const state = base.with(operations);
    const creates = orderEntries(state.all(), state, this.kinds.referencesAmong(state.all()))
      .map((entry): Operation => ({ kind: "entry.create", entry }));
    let version = stored.head === null ? undefined : this.#versions.require(stored.head);
    await this.#transact(creates, RegistryState.empty, state, async () => {
      if (version === undefined || operations.length > 0) {
        const ordered = this.#ordered(operations, base, state);
        version = await this.#store(
          { operations: ordered, graph: loaded.graph },
          version?.id ?? null,
          digests,
        );
      } else if (!sameDigests(digests, this.#files)) await this.#history.setFiles(digests);
    });
    this.#files = digests;
    this.#become({ version: version!, state }, creates);
    return version!;
  }

  /** The state at a stored version, from its change sets. */
  async #replay(head: number): Promise<RegistryState> {
    const chain: number[] = [];
    let base = RegistryState.empty;
    for (let at: Version | undefined = this.#versions.require(head); at !== undefined;) {
      const stored = await this.#history.checkpoint(at.id);
      if (stored !== undefined) {
        base = RegistryState.of(stored);
        break;
      }
      chain.push(at.id);
      at = this.#versions.previous(at.id);
    }
    const operations: Operation[] = [];
    for (const id of chain.reverse()) operations.push(...await this.#history.operations(id));
    return base.with(operations);
  }

  /** What changed in the files since they were last read, as operations on `state`. */
  #fileChanges(entries: readonly Entry[], digests: FileDigests, state: RegistryState): Operation[] {
    const operations: Operation[] = [];
    const present = new Set<string>();
    for (const entry of entries) {
      present.add(entry.id);
      if (this.#files.get(entry.id) === digests.get(entry.id)) continue;
      const before = state.get(entry.id);
      if (before === undefined || !entriesEqual(before, entry)) operations.push(operationOf(before, entry)!);
    }
    for (const id of this.#files.keys()) {
      if (present.has(id)) continue;
      const operation = operationOf(state.get(id), undefined);
      if (operation !== undefined) operations.push(operation);
    }
    return operations;
  }

  #ordered(operations: readonly Operation[], before: RegistryState, after: RegistryState): Operation[] {
    const references = this.kinds.referencesAmong(after.all());
    const old = this.kinds.referencesAmong(before.all());
    return orderOperations(
      operations,
      before,
      after,
      (entry) => after.get(entry.id) === entry ? references(entry) : old(entry),
    );
  }

  /** Offers a change set, stores it and makes it the current version. */
  async #commitVersion(change: PreparedChange, files: FileDigests | undefined): Promise<Version> {
    const { version: parent, state } = this.snapshot();
    const after = state.with(change.operations);
    const operations = this.#ordered(change.operations, state, after);
    let version: Version | undefined;
    await this.#transact(operations, state, after, async () => {
      version = await this.#store({ ...change, operations }, parent.id, files);
    });
    if (files !== undefined) this.#files = files;
    this.#become({ version: version!, state: after }, operations);
    return version!;
  }

  async #store(
    change: PreparedChange,
    parent: number | null,
    files: FileDigests | undefined,
  ): Promise<Version> {
    const createdMs = this.#options.services().ports.clock.nowMs();
    const version: Version = { id: this.#lastId + 1, parent, createdMs };
    await this.#history.append({ version, operations: change.operations, graph: change.graph, files });
    this.#lastId = version.id;
    this.#versions.add(version);
    for (const id of this.#history.forgotten()) this.#versions.forget(id);
    return version;
  }

  #become(snapshot: Snapshot, operations: readonly Operation[]): void {
    this.#current = snapshot;
    for (const listener of this.#changed) listener(snapshot, operations);
  }

  /** Offers ordered operations and runs `store`; undoes everything when one of them fails. */
  async #transact(
    operations: readonly Operation[],
    before: RegistryState,
    after: RegistryState,
    store: () => void | Promise<void>,
  ): Promise<void> {
    const { bus, ports: { clock } } = this.#options.services();
    for (const { entry } of operations) this.#checkKind(entry);
    const runner = this.#runnerOf();
    const view: RunView = { entries: after, references: this.kinds.referencesAmong(after.all()) };
    const listeners = this.kinds.listeners;
    const done: Operation[] = [];
    bus.send({ system: "registry", kind: "registry.begin", path: "" });
    try {
      for (const listener of listeners) listener.begin?.();
      let since = clock.monotonicMs();
      for (const operation of operations) {
        await this.#offer(operation, runner, view);
        done.push(operation);
        if (clock.monotonicMs() - since > UNBROKEN_MS) {
          await new Promise<void>((resolve) => clock.soon(resolve));
          since = clock.monotonicMs();
        }
      }
      await store();
    } catch (error) {
      bus.send({ system: "registry", kind: "registry.discard", path: "" });
      await this.#undo(done, runner, before);
      this.#tell("discard");
      throw error;
    }
    bus.send({ system: "registry", kind: "registry.commit", path: "" });
    for (const operation of operations) this.#observed(operation);
    this.#tell("commit");
  }

  #runnerOf(): KindRunner {
    this.#runner ??= new KindRunner({
      kinds: this.kinds,
      services: this.#options.services(),
      clock: this.#options.services().ports.clock,
      timeoutMs: this.#options.operationTimeoutMs ?? KIND_OPERATION_TIMEOUT_MS,
    });
    return this.#runner;
  }

  #checkKind(entry: Entry): void {
    try {
      this.kinds.require(entry.kind);
    } catch (error) {
      throw this.#located(entry, error);
    }
  }

  /** Offers one operation, with its events. Kinds that are internal get no events. */
  async #offer(operation: Operation, runner: KindRunner, view: RunView): Promise<void> {
    const { bus } = this.#options.services();
    const { entry } = operation;
    const silent = this.kinds.find(entry.kind)?.internal === true;
    if (!silent) {
      bus.send({ system: "registry", kind: operation.kind, path: entry.id, data: entryValue(entry) });
    }
    try {
      await runner.run(operation, view);
    } catch (error) {
      const failure = this.#located(entry, error);
      if (!silent) {
        bus.send({ system: "registry", kind: "entry.reject", path: entry.id, data: failure.message });
      }
      throw failure;
    }
    if (!silent) bus.send({ system: "registry", kind: "entry.accept", path: entry.id });
  }

  /** A kind's failure with the entry's id and, when its text came from a file, the place. */
  #located(entry: Entry, error: unknown): Failure {
    const failure = asFailure(error);
    const origin = this.#origin?.(entry.id);
    const place = origin === undefined ? "" : `${origin.file}:${origin.line}: `;
    return new Failure(failure.kind, `${place}${entry.id}: ${failure.message}`, {
      retryable: failure.retryable,
      details: { ...failure.details, id: entry.id, kind: entry.kind, ...origin },
      cause: failure,
    });
  }

  async #undo(done: readonly Operation[], runner: KindRunner, before: RegistryState): Promise<void> {
    const view: RunView = { entries: before, references: this.kinds.referencesAmong(before.all()) };
    for (const operation of done.toReversed()) {
      try {
        await runner.run(inverseOf(operation), view);
      } catch (error) {
        const fields = { id: operation.entry.id, operation: operation.kind, error: asFailure(error).message };
        this.#options.services().log.named("registry").error("change could not be undone", fields);
      }
    }
  }

  #observed({ kind, entry, original }: Operation): void {
    for (const observer of this.kinds.observers(entry.kind)) {
      this.#quietly(() => {
        if (kind === "entry.create") observer.added?.(entry);
        else if (kind === "entry.update") observer.updated?.(entry, original!);
        else observer.removed?.(entry);
      });
    }
  }

  #tell(what: "commit" | "discard"): void {
    for (const listener of this.kinds.listeners) this.#quietly(() => listener[what]?.());
  }

  /** Runs what can't reject. */
  #quietly(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.services().log.named("registry").error("observer failed", {
        error: asFailure(error).message,
      });
    }
  }

  async #closeAll(state: RegistryState): Promise<void> {
    const ordered = orderEntries(state.all(), state, this.kinds.referencesAmong(state.all()));
    const closing = ordered.map((entry): Operation => ({ kind: "entry.create", entry }));
    await this.#undo(closing, this.#runnerOf(), RegistryState.empty);
  }
}

function digestsOf(entries: readonly Entry[]): FileDigests {
  return new Map(entries.map((entry) => [entry.id, digestOf(entry)]));
}

function sameDigests(a: FileDigests, b: FileDigests): boolean {
  if (a.size !== b.size) return false;
  for (const [id, digest] of a) if (b.get(id) !== digest) return false;
  return true;
}
