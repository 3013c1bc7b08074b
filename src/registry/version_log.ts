/**
 * Versions and their history: which there are, the way between them, and what a new one stores.
 *
 * VL1. A version is known here only after its history has stored it. VL2. Reading an old state touches the change sets on the way
 * to it, or from the nearest stored state, and nothing else.
 */
import { inverseOf, type Operation } from "./change_set.ts";
import type { FileDigests, History, ModuleGraph, StoredHistory } from "./history.ts";
import { RegistryState } from "./state.ts";
import { type Version, VersionTree } from "./version.ts";

/** What a new version consists of. */
export interface NewVersion {
  readonly parent: number | null;
  readonly createdMs: number;
  readonly operations: readonly Operation[];
  /** The state that results. */
  readonly state: RegistryState;
  readonly graph?: ModuleGraph;
  /** Gives the digests of the definition files it was made from. */
  readonly files?: () => FileDigests;
}

/** The versions of a registry. */
export class VersionLog {
  readonly #history: History;
  #tree = new VersionTree();
  #files: () => FileDigests = () => new Map();
  #lastId = -1;
  #head: number | null = null;

  constructor(history: History) {
    this.#history = history;
  }

  /** Reads what is stored; the id of the current version, null when there is none yet. */
  async open(): Promise<number | null> {
    this.#take(await this.#history.open());
    return this.#head;
  }

  /** Reads what other nodes have written; the id of the version that is current for all of them. */
  async refresh(): Promise<number | null> {
    const stored = await this.#history.refresh?.();
    if (stored !== undefined) this.#take(stored);
    return this.#head;
  }

  /** Calls back when other nodes may have written; the result ends that. */
  watch(changed: () => void): () => void {
    return this.#history.watch?.(changed) ?? (() => {});
  }

  #take({ versions, head, files }: StoredHistory): void {
    this.#tree = new VersionTree(versions);
    this.#files = () => files;
    this.#head = head;
    this.#lastId = -1;
    for (const { id } of versions) this.#lastId = Math.max(this.#lastId, id);
  }

  get tree(): VersionTree {
    return this.#tree;
  }

  /** Digests of the entries last read from definition files. */
  get files(): FileDigests {
    return this.#files();
  }

  /** The change set of a version. */
  async operations(id: number): Promise<readonly Operation[]> {
    this.#tree.require(id);
    return await this.#history.operations(id);
  }

  /** The modules a version was built with. */
  async graph(id: number): Promise<ModuleGraph | undefined> {
    this.#tree.require(id);
    return await this.#history.graph(id);
  }

  /** The operations on the way from one version to another, in the order in which they must be carried out. */
  async way(from: number, to: number): Promise<Operation[]> {
    const operations: Operation[] = [];
    for (const step of this.#tree.path(from, to)) {
      const changes = await this.#history.operations(step.version);
      operations.push(...(step.forward ? changes : changes.toReversed().map(inverseOf)));
    }
    return operations;
  }

  /** The state at a version, built from what is stored alone. */
  async replay(id: number): Promise<RegistryState> {
    const chain: number[] = [];
    let base = RegistryState.empty;
    for (
      let at: Version | undefined = this.#tree.require(id);
      at !== undefined;
      at = this.#tree.previous(at.id)
    ) {
      const stored = await this.#history.checkpoint(at.id);
      if (stored !== undefined) {
        base = RegistryState.of(stored);
        break;
      }
      chain.push(at.id);
    }
    const operations: Operation[] = [];
    for (const version of chain.reverse()) operations.push(...await this.#history.operations(version));
    return base.with(operations);
  }

  /** Stores a new version and makes it the head. */
  async append({ parent, createdMs, operations, state, graph, files }: NewVersion): Promise<Version> {
    const version: Version = { id: this.#lastId + 1, parent, createdMs };
    const known = parent === null ? undefined : await this.#history.graph(parent);
    await this.#history.append({
      version,
      operations,
      graph: isSameGraph(known, graph) ? undefined : graph,
      get files() {
        return files?.();
      },
      state: () => state.all(),
    });
    if (files !== undefined) this.#files = files;
    this.#lastId = this.#head = version.id;
    this.#tree.add(version);
    for (const id of this.#history.forgotten()) this.#tree.forget(id);
    return version;
  }

  async moveHead(id: number): Promise<void> {
    await this.#history.moveHead(id);
    this.#head = id;
  }

  async setFiles(files: FileDigests): Promise<void> {
    if (!areSameDigests(files, this.files)) await this.#history.setFiles(files);
    this.#files = () => files;
  }

  /** Stores the module graph of a version that has none yet. */
  async completeGraph(
    id: number,
    solve: () => ModuleGraph | undefined | Promise<ModuleGraph | undefined>,
  ): Promise<void> {
    if (await this.#history.graph(id) !== undefined) return;
    const graph = await solve();
    if (graph !== undefined && graph.modules.length > 0) await this.#history.setGraph(id, graph);
  }

  async close(): Promise<void> {
    await this.#history.close();
  }
}

function areSameDigests(a: FileDigests, b: FileDigests): boolean {
  if (a.size !== b.size) return false;
  for (const [id, digest] of a) if (b.get(id) !== digest) return false;
  return true;
}

/** Whether `b` says nothing new. */
function isSameGraph(a: ModuleGraph | undefined, b: ModuleGraph | undefined): boolean {
  if (b === undefined) return true;
  return a === undefined ? b.modules.length === 0 : JSON.stringify(a) === JSON.stringify(b);
}
