/**
 * Where versions are kept.
 *
 * H1. `append` is atomic: after a crash the version is there in whole, with its graph, file digests and the new head, or not at
 *     all. H2. `moveHead` likewise. H3. Change sets are read when they are needed; only the list of versions is held.
 * H4. Of two programs that share a history, the one that writes without knowing what the other wrote is refused (`historyMoved`).
 */
import { Failure } from "../core/mod.ts";
import type { Operation } from "./change_set.ts";
import type { Entry } from "./entry.ts";
import { type Version, VersionTree } from "./version.ts";

/** Digests of the entries last read from definition files, by id. */
export type FileDigests = ReadonlyMap<string, string>;

/** The modules that a version was built with. */
export interface ModuleGraph {
  readonly modules: readonly ResolvedModule[];
}

/** One module of a graph. */
export interface ResolvedModule {
  /** `org/module`. */
  readonly name: string;
  readonly version: string;
  /** `replacement`, `vendor` or `source`. */
  readonly origin: string;
  /** Hash of its content, `""` when it has none. */
  readonly hash: string;
  /** Names of the modules it depends on. */
  readonly dependencies: readonly string[];
}

/** What is added with a version. */
export interface HistoryRecord {
  readonly version: Version;
  readonly operations: readonly Operation[];
  /** Module graph from this version on, when it changed. */
  readonly graph?: ModuleGraph;
  /** New digests, when definition files were read. */
  readonly files?: FileDigests;
  /** The whole state at this version, for histories that store one now and then. */
  readonly state: () => Iterable<Entry>;
}

/** What a history holds when it is opened. */
export interface StoredHistory {
  readonly versions: readonly Version[];
  /** The current version; null when there is none yet. */
  readonly head: number | null;
  readonly files: FileDigests;
}

/** Keeps versions. A failure must leave what was kept before. */
export interface History {
  open(): StoredHistory | Promise<StoredHistory>;
  /** The change set of a version; fails with NotFound. */
  operations(version: number): readonly Operation[] | Promise<readonly Operation[]>;
  /** The whole state at a version, when it was stored. */
  checkpoint(version: number): readonly Entry[] | undefined | Promise<readonly Entry[] | undefined>;
  /** The module graph stored with this version or the nearest one before it. */
  graph(version: number): ModuleGraph | undefined | Promise<ModuleGraph | undefined>;
  append(record: HistoryRecord): void | Promise<void>;
  moveHead(version: number): void | Promise<void>;
  /** Replaces the file digests without a new version. */
  setFiles(files: FileDigests): void | Promise<void>;
  /** Stores the module graph of a version that has none. */
  setGraph(version: number, graph: ModuleGraph): void | Promise<void>;
  /** Versions that were dropped since the last call to keep within bounds. */
  forgotten(): readonly number[];
  /** What is stored now, when others have written since this program last read or wrote. Only for histories that are shared. */
  refresh?(): StoredHistory | undefined | Promise<StoredHistory | undefined>;
  /** Calls back when others may have written; the result ends that. */
  watch?(changed: () => void): () => void;
  close(): void | Promise<void>;
}

/** The failure of a write to a history that another program has written to meanwhile. */
export function historyMoved(): Failure {
  return new Failure("Conflict", "another node has changed the registry", {
    retryable: true,
    details: { history: "moved" },
  });
}

/** Whether `error` is such a failure. */
export function isHistoryMoved(error: unknown): boolean {
  return error instanceof Failure && error.kind === "Conflict" && error.details?.["history"] === "moved";
}

/** A history that ends with the program; holds up to `versionsMax` versions, forgetting the oldest. */
export class MemoryHistory implements History {
  readonly #records = new Map<number, HistoryRecord>();
  readonly #tree = new VersionTree();
  readonly #versionsMax: number;
  #forgotten: number[] = [];

  constructor(versionsMax: number) {
    this.#versionsMax = versionsMax;
  }

  open(): StoredHistory {
    return { versions: [], head: null, files: new Map() };
  }

  operations(version: number): readonly Operation[] {
    const record = this.#records.get(version);
    if (record === undefined) throw new Failure("NotFound", "version not found", { retryable: false });
    return record.operations;
  }

  graph(version: number): ModuleGraph | undefined {
    for (
      let at: Version | undefined = this.#tree.get(version);
      at !== undefined;
      at = this.#tree.previous(at.id)
    ) {
      const graph = this.#records.get(at.id)?.graph;
      if (graph !== undefined) return graph;
    }
    return undefined;
  }

  append(record: HistoryRecord): void {
    this.#records.set(record.version.id, record);
    this.#tree.add(record.version);
    while (this.#records.size > this.#versionsMax) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const id = this.#records.keys().next().value!;
    const graph = this.graph(id);
    const next = this.#tree.next(id);
    const record = next === undefined ? undefined : this.#records.get(next.id);
    // The graph goes on to the version that follows, or it would be lost with this one.
    if (record !== undefined && record.graph === undefined && graph !== undefined) {
      this.#records.set(record.version.id, { ...record, graph });
    }
    this.#records.delete(id);
    this.#tree.forget(id);
    this.#forgotten.push(id);
  }

  checkpoint(): undefined {}

  moveHead(): void {}

  setFiles(): void {}

  setGraph(version: number, graph: ModuleGraph): void {
    const record = this.#records.get(version);
    if (record !== undefined) this.#records.set(version, { ...record, graph });
  }

  forgotten(): readonly number[] {
    const forgotten = this.#forgotten;
    this.#forgotten = [];
    return forgotten;
  }

  close(): void {}
}
