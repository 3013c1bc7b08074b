/**
 * The tree of versions: each one but the first names its parent, and the way between two of them is a list of steps.
 *
 * V1. Ids rise; a version's parent has a lower id. V2. Going back and changing something else starts another branch; nothing is
 * lost by it.
 */
import { Failure } from "../core/mod.ts";

/** A version of the registry. */
export interface Version {
  readonly id: number;
  /** null for the first one, or when older ones have been forgotten. */
  readonly parent: number | null;
  /** Milliseconds since the Unix epoch. */
  readonly createdMs: number;
}

/** A step on the way between versions: the change set of `version`, as it is or reversed. */
export interface VersionStep {
  readonly version: number;
  readonly forward: boolean;
}

/** Text of a version: `v3`. */
export function printVersion(id: number): string {
  return `v${id}`;
}

/** All known versions. */
export class VersionTree {
  readonly #versions = new Map<number, Version>();
  /** The youngest child of each version. */
  readonly #next = new Map<number, number>();

  constructor(versions: Iterable<Version> = []) {
    for (const version of versions) this.add(version);
  }

  get size(): number {
    return this.#versions.size;
  }

  add(version: Version): void {
    this.#versions.set(version.id, version);
    if (version.parent !== null) this.#next.set(version.parent, version.id);
  }

  /** Forgets a version; its children become first ones. */
  forget(id: number): void {
    this.#versions.delete(id);
    this.#next.delete(id);
    for (const [child, version] of this.#versions) {
      if (version.parent === id) this.#versions.set(child, { ...version, parent: null });
    }
  }

  get(id: number): Version | undefined {
    return this.#versions.get(id);
  }

  /** The version of that id; fails with NotFound. */
  require(id: number): Version {
    const version = this.#versions.get(id);
    if (version === undefined) {
      throw new Failure("NotFound", "version not found", { retryable: false, details: { version: id } });
    }
    return version;
  }

  /** All versions, oldest first. */
  all(): Version[] {
    return [...this.#versions.values()].sort((a, b) => a.id - b.id);
  }

  previous(id: number): Version | undefined {
    const parent = this.#versions.get(id)?.parent;
    return parent === null || parent === undefined ? undefined : this.#versions.get(parent);
  }

  /** The youngest version made from this one. */
  next(id: number): Version | undefined {
    const child = this.#next.get(id);
    return child === undefined ? undefined : this.#versions.get(child);
  }

  /** The shortest way from one version to another; fails with NotFound when one is unknown or no way is left. */
  path(from: number, to: number): VersionStep[] {
    this.require(from);
    this.require(to);
    const back: VersionStep[] = [];
    const forth: VersionStep[] = [];
    let a: number | null = from;
    let b: number | null = to;
    while (a !== b) {
      // The higher id can't be an ancestor of the other one (V1).
      if (b === null || (a !== null && a > b)) {
        back.push({ version: a!, forward: false });
        a = this.#versions.get(a!)!.parent;
      } else {
        forth.push({ version: b, forward: true });
        b = this.#versions.get(b)!.parent;
      }
    }
    if (a === null) {
      throw new Failure("NotFound", "version not found", { retryable: false, details: { from, to } });
    }
    return [...back, ...forth.reverse()];
  }
}
