/**
 * Names of processes on one node, in four scopes.
 *
 * Owns which pid a name stands for. On a single node the cluster scopes differ from LOCAL only in who may release a name
 * and in which name wins a lookup. On a node of a cluster they belong to `shared`, and only LOCAL names are here.
 *
 * N1. Within a scope a name stands for one pid; registering the same pid again changes nothing.
 * N2. CONSISTENT and STRONG names share one space. A LOCAL name never hides a cluster name of another pid.
 * N3. A process that ended holds no LOCAL, CONSISTENT or STRONG name; EVENTUAL names stay until they are unregistered.
 */
import { Failure } from "../core/mod.ts";
import type { ClusterNames } from "../ports/mod.ts";

/** Scope of a name, as the numbers that Lua sees. */
export const NameScope = { LOCAL: 0, EVENTUAL: 1, CONSISTENT: 2, STRONG: 3 } as const;

interface Holder {
  readonly pid: string;
  readonly id: number;
  readonly scope: number;
}

/** The tables of names, in the order in which a lookup reads them. */
const SINGLETON = 0;
const EVENTUAL = 1;
const LOCAL = 2;

/** Registered names of one node. */
export class NameRegistry {
  readonly #tables = [
    new Map<string, Holder>(),
    new Map<string, Holder>(),
    new Map<string, Holder>(),
  ] as const;
  readonly #byId = new Map<number, Set<string>>();
  /** Names of the cluster that this node is part of. */
  shared: ClusterNames | undefined;

  /** Registers `name` for a process. Fails with AlreadyExists when another pid holds it. Cluster scopes are for `shared`. */
  register(name: string, pid: string, id: number, scope: number): void {
    this.#demandUnshared(name, pid);
    const place = placeOf(scope);
    const rivals = place === LOCAL ? [SINGLETON, EVENTUAL, LOCAL] as const : [place] as const;
    for (const rival of rivals) {
      const holder = this.#tables[rival].get(name);
      if (holder !== undefined && holder.pid !== pid) throw taken(name, holder.pid);
    }
    this.#tables[place].set(name, { pid, id, scope });
    let names = this.#byId.get(id);
    if (names === undefined) this.#byId.set(id, names = new Set());
    names.add(name);
  }

  /** A local name never hides one of the cluster, nor one that the cluster is about to give away. */
  #demandUnshared(name: string, pid: string): void {
    const holder = this.shared?.lookup(name);
    if (holder !== undefined && holder !== pid || this.shared?.isPromised(name, pid)) {
      throw taken(name, holder ?? "");
    }
  }

  /** The pid that has a name in one scope on this node. */
  local(name: string, scope: number): string | undefined {
    return this.#tables[placeOf(scope)].get(name)?.pid;
  }

  /** The pid behind a name: CONSISTENT and STRONG names first, then EVENTUAL, then LOCAL. */
  lookup(name: string): string | undefined {
    return this.shared?.lookup(name) ??
      (this.#tables[SINGLETON].get(name) ?? this.#tables[EVENTUAL].get(name) ??
        this.#tables[LOCAL].get(name))?.pid;
  }

  /**
   * Releases a name. False when it is not registered in `scope`, or when the scope lets only the owner release it and
   * `ownerPid` is someone else.
   */
  unregister(name: string, scope: number, ownerPid: string): boolean {
    const place = placeOf(scope);
    const holder = this.#tables[place].get(name);
    if (holder === undefined || holder.scope !== scope) return false;
    if (place === SINGLETON && holder.pid !== ownerPid) return false;
    this.#tables[place].delete(name);
    this.#forget(holder.id, name);
    return true;
  }

  /** Releases what a process that ended held, except EVENTUAL names. */
  release(id: number): void {
    const names = this.#byId.get(id);
    if (names === undefined) return;
    for (const name of [...names]) {
      for (const place of [SINGLETON, LOCAL] as const) {
        if (this.#tables[place].get(name)?.id === id) this.#tables[place].delete(name);
      }
      this.#forget(id, name);
    }
  }

  /** Names of a process, sorted. */
  namesOf(id: number): string[] {
    return [...this.#byId.get(id) ?? []].sort();
  }

  /** Drops `name` from the index of `id` unless another scope still holds it. */
  #forget(id: number, name: string): void {
    if (this.#tables.some((table) => table.get(name)?.id === id)) return;
    const names = this.#byId.get(id);
    names?.delete(name);
    if (names?.size === 0) this.#byId.delete(id);
  }
}

function taken(name: string, pid: string): Failure {
  return new Failure("AlreadyExists", "name already registered", {
    retryable: false,
    details: { name, pid },
  });
}

function placeOf(scope: number): 0 | 1 | 2 {
  if (scope === NameScope.LOCAL) return LOCAL;
  return scope === NameScope.EVENTUAL ? EVENTUAL : SINGLETON;
}
