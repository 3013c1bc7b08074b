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
 * REG6. Nodes that share a history share its current version: a change begins with what the others did, and a node that was
 *       overtaken while it changed something is refused, and catches up.
 */
import { asFailure, Failure, KIND_OPERATION_TIMEOUT_MS } from "../core/mod.ts";
import { type Change, difference, type Operation, squash } from "./change_set.ts";
import { orderEntries, orderOperations } from "./dependency_order.ts";
import type { Entry, EntryOrigin } from "./entry.ts";
import { digestsOf, fileChanges } from "./file_changes.ts";
import { Finder } from "./finder.ts";
import { type FileDigests, isHistoryMoved, MemoryHistory, type ModuleGraph } from "./history.ts";
import type { EntryObserver, KindTable } from "./kind_table.ts";
import type { LoadedEntries, PreparedChange, RegistryOptions, Snapshot } from "./registry_options.ts";
import { RegistryState } from "./state.ts";
import { Transactions } from "./transaction.ts";
import { printVersion, type Version } from "./version.ts";
import { VersionLog } from "./version_log.ts";

/** Nodes that start at the same time may each be first once. */
const BOOT_ATTEMPTS_MAX = 10;
/** Versions that a history in memory holds by default; the oldest are forgotten first. */
export const MEMORY_VERSIONS_MAX = 10_000;

/** The entries of an application. */
export class Registry {
  readonly kinds: KindTable;
  #finder: Finder | undefined;
  readonly #options: RegistryOptions;
  readonly #log: VersionLog;
  readonly #transactions: Transactions;
  #current: Snapshot | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #origin: LoadedEntries["origin"];
  #phase: "new" | "open" | "closed" = "new";
  #closing: Promise<void> | undefined;
  #unwatch: (() => void) | undefined;
  #isFollowing = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.kinds = options.kinds;
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

  /** What searches the current state. */
  get finder(): Finder {
    return this.#finder ??= new Finder(() => this.state, this.#options.finder);
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
    return this.#changing(async () => {
      const { state } = this.snapshot();
      const asked = squash(wanted, state);
      if (asked.length === 0) throw new Failure("Invalid", "no changes to apply", { retryable: false });
      const prepared = await this.#options.prepare?.(asked, state) ?? { operations: asked };
      return await this.#commit(prepared, undefined);
    });
  }

  /** Makes `id` the current version; fails with NotFound, or with the failure of a kind that refuses. */
  applyVersion(id: number): Promise<Version> {
    return this.#changing(async () => {
      const { version, state } = this.snapshot();
      const wanted = this.#log.tree.require(id);
      if (wanted.id === version.id) return wanted;
      const after = state.with(await this.#log.way(version.id, id));
      await this.#move(wanted, after, async () => {
        await this.#log.completeGraph(id, () => this.#options.resolveGraph?.(after));
        await this.#log.moveHead(id);
      });
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
      if (loaded.dormant !== undefined) this.#transactions.dormant = loaded.dormant;
      if (this.#phase === "new") return await this.#boot(loaded);
      return await this.#onTop(async () => {
        const { state, version } = this.snapshot();
        const digests = digestsOf(loaded.entries);
        const operations = fileChanges(loaded.entries, digests, this.#log.files, state);
        if (operations.length > 0) {
          return await this.#commit({ operations, graph: loaded.graph }, () => digests);
        }
        await this.#log.setFiles(digests);
        return version;
      });
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
      this.#unwatch?.();
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

  #changing<T>(work: () => Promise<T>): Promise<T> {
    return this.#exclusively(() => this.#onTop(work));
  }

  /** Runs a change on top of what other nodes did; when one of them is first all the same, catches up and fails. */
  async #onTop<T>(work: () => Promise<T>): Promise<T> {
    await this.#catchUp();
    try {
      return await work();
    } catch (error) {
      if (!isHistoryMoved(error)) throw error;
      await this.#catchUp();
      const { id } = this.version();
      throw new Failure(
        "Conflict",
        `another node changed the registry at the same time: ${printVersion(id)} is current now; ` +
          "look at it again and repeat the change",
        { retryable: true, details: { version: id }, cause: error },
      );
    }
  }

  /** Goes to the version that other nodes have made the current one. */
  async #catchUp(): Promise<void> {
    const head = await this.#log.refresh();
    const { version, state } = this.snapshot();
    if (head === null || head === version.id) return;
    const after = state.with(await this.#log.way(version.id, head));
    try {
      await this.#move(this.#log.tree.require(head), after, async () => {});
    } catch (error) {
      const { message } = asFailure(error);
      throw new Failure(
        "Unavailable",
        `this node can't follow another one to ${printVersion(head)}: ${message}`,
        { retryable: true, cause: error },
      );
    }
  }

  /** Catches up when there is time. */
  #follow(): void {
    if (this.#isFollowing || this.#phase !== "open") return;
    this.#isFollowing = true;
    const followed = this.#exclusively(() => {
      this.#isFollowing = false;
      return this.#catchUp();
    });
    followed.catch((error) => {
      this.#isFollowing = false;
      if (this.#phase !== "open") return;
      const fields = { error: asFailure(error).message };
      this.#options.services().log.named("registry").error("another node could not be followed", fields);
    });
  }

  /** Offers what leads to another version's state, and makes it the current one. */
  async #move(version: Version, after: RegistryState, store: () => Promise<void>): Promise<void> {
    const { state } = this.snapshot();
    await this.kinds.load(after.all());
    const operations = this.#ordered(difference(state.all(), after.all()), state, after);
    await this.#transactions.run(operations, state, after, store);
    this.#current = { version, state: after };
    await this.#transactions.refresh(idsOf(operations), after);
  }

  async #boot(loaded: LoadedEntries): Promise<Version> {
    for (let attempt = 1;; attempt++) {
      try {
        const version = await this.#bootFrom(await this.#log.open(), loaded);
        this.#unwatch = this.#log.watch(() => this.#follow());
        return version;
      } catch (error) {
        if (!isHistoryMoved(error) || attempt === BOOT_ATTEMPTS_MAX) throw error;
      }
    }
  }

  async #bootFrom(head: number | null, loaded: LoadedEntries): Promise<Version> {
    this.#phase = "open";
    let digests: FileDigests | undefined;
    // Taken when they are kept or compared: nobody asks for those of a first version in memory.
    const files = (): FileDigests => digests ??= digestsOf(loaded.entries);
    const base = head === null ? RegistryState.empty : await this.#log.replay(head);
    const operations = head === null
      ? loaded.entries.map((entry): Operation => ({ kind: "entry.create", entry }))
      : fileChanges(loaded.entries, files(), this.#log.files, base);
    const state = base.with(operations);
    await this.kinds.load([...base.all(), ...state.all()]);
    const creates = head === null && loaded.isOrdered
      ? operations
      : orderEntries(state.all(), state, this.kinds.referencesAmong(state.all()))
        .map((entry): Operation => ({ kind: "entry.create", entry }));
    let version = head === null ? undefined : this.#log.tree.require(head);
    await this.#transactions.run(creates, RegistryState.empty, state, async () => {
      if (version === undefined || operations.length > 0) {
        const ordered = head === null ? creates : this.#ordered(operations, base, state);
        version = await this.#append({ operations: ordered, graph: loaded.graph }, head, state, files);
        return;
      }
      await this.#log.setFiles(files());
      await this.#log.completeGraph(version.id, () => loaded.graph);
    });
    this.#current = { version: version!, state };
    return version!;
  }

  #ordered(operations: readonly Operation[], before: RegistryState, after: RegistryState): Operation[] {
    const now = this.kinds.referencesAmong(after.all());
    const then = this.kinds.referencesAmong(before.all());
    const isNow = (entry: Entry) => after.get(entry.id) === entry;
    return orderOperations(operations, before, after, (entry) => isNow(entry) ? now(entry) : then(entry));
  }

  /** Offers a change set, stores it and makes it the current version. */
  async #commit(change: PreparedChange, files: (() => FileDigests) | undefined): Promise<Version> {
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
    files: (() => FileDigests) | undefined,
  ): Promise<Version> {
    const createdMs = Math.floor(this.#options.services().ports.clock.nowMs());
    return this.#log.append({ parent, createdMs, operations, state, graph, files });
  }
}

function idsOf(operations: readonly Operation[]): Set<string> {
  return new Set(operations.map((operation) => operation.entry.id));
}
