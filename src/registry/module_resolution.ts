/**
 * Which modules at which versions: from the ranges that dependencies declare.
 *
 * MR1. A module's version lies in all ranges declared for it across the graph; the highest such version is taken, and another one only
 *      when its own dependencies can't be met otherwise. No version: a Conflict that names every declaration.
 * MR2. A range that the application declares itself decides alone: transitive ranges for the same module do not count.
 * MR3. The application may declare a module once. MR4. Earlier results play no part.
 */
import { Failure } from "../core/mod.ts";
import type { ModuleGraph, ResolvedModule } from "./history.ts";
import {
  compareModuleVersions,
  type ModuleVersion,
  parseModuleVersion,
  parseVersionRange,
  satisfies,
  type VersionRange,
} from "./module_version.ts";

/** One `ns.dependency`. */
export interface DependencyDeclaration {
  /** Id of the declaring entry. */
  readonly id: string;
  /** `org/module`. */
  readonly component: string;
  /** Range as written. */
  readonly range: string;
  /** The module that declares it; `""` for the application itself. */
  readonly from: string;
}

/** A version of a module that could be used. */
export interface ModuleCandidate {
  readonly name: string;
  /** As written; text that is no version fits every range. */
  readonly version: string;
  readonly origin: string;
  readonly hash: string;
  readonly dependencies: readonly DependencyDeclaration[];
  /** True when it stands in for any version, as a local directory does. */
  readonly anyVersion?: boolean;
}

/** Where modules can be had. */
export interface ModuleCatalog {
  /** Candidates for a module; empty when it is unknown. */
  candidates(name: string): readonly ModuleCandidate[];
  /** What to do about a module that is unknown, for messages. */
  readonly hint: string;
}

interface Wish {
  readonly declaration: DependencyDeclaration;
  readonly range: VersionRange;
}

/** Steps the search may take before it gives up; real graphs need one per module. */
const STEPS_MAX = 100_000;

/** Solves the graph of `roots`, the application's own declarations. Fails with Conflict, NotFound or Invalid. */
export function resolveModules(roots: readonly DependencyDeclaration[], catalog: ModuleCatalog): ModuleGraph {
  if (roots.length === 0) return { modules: [] };
  const rootOf = new Map<string, Wish>();
  for (const declaration of roots) {
    const known = rootOf.get(declaration.component);
    if (known !== undefined) {
      const ids = `${known.declaration.id} and ${declaration.id}`;
      const message = `module ${declaration.component} is declared twice, by ${ids}; keep one of them`;
      throw new Failure("Conflict", message, {
        retryable: false,
        details: { component: declaration.component, id: declaration.id },
      });
    }
    rootOf.set(declaration.component, wishOf(declaration));
  }
  const search = new Search(catalog, rootOf);
  const chosen = search.run([...rootOf.values()]);
  const modules = [...chosen.values()].sort((a, b) => a.name < b.name ? -1 : 1).map((
    candidate,
  ): ResolvedModule => ({
    name: candidate.name,
    version: candidate.version,
    origin: candidate.origin,
    hash: candidate.hash,
    dependencies: [...new Set(candidate.dependencies.map((dependency) => dependency.component))].sort(),
  }));
  return { modules };
}

function wishOf(declaration: DependencyDeclaration): Wish {
  try {
    return { declaration, range: parseVersionRange(declaration.range) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure("Invalid", `${declaration.id}: version: ${error.message}`, {
      retryable: false,
      details: { id: declaration.id },
      cause: error,
    });
  }
}

class Search {
  readonly #catalog: ModuleCatalog;
  readonly #roots: ReadonlyMap<string, Wish>;
  #steps = 0;
  /** The deepest conflict met: the one worth telling. */
  #conflict: Failure | undefined;

  constructor(catalog: ModuleCatalog, roots: ReadonlyMap<string, Wish>) {
    this.#catalog = catalog;
    this.#roots = roots;
  }

  run(wishes: readonly Wish[]): ReadonlyMap<string, ModuleCandidate> {
    const found = this.#choose(new Map(), wishes, 0);
    if (found === undefined) throw this.#conflict!;
    return found;
  }

  /** Chooses for the wish at `next` and all after it; undefined when there is no way. */
  #choose(
    chosen: ReadonlyMap<string, ModuleCandidate>,
    wishes: readonly Wish[],
    next: number,
  ): ReadonlyMap<string, ModuleCandidate> | undefined {
    if (++this.#steps > STEPS_MAX) {
      throw new Failure(
        "LimitExceeded",
        "module versions could not be resolved: too many combinations; narrow the ranges",
      );
    }
    while (next < wishes.length && this.#isMet(chosen, wishes[next]!)) next++;
    if (next >= wishes.length) return chosen;
    const { component } = wishes[next]!.declaration;
    if (chosen.has(component)) {
      this.#conflict = this.#conflictOf(component, wishes);
      return undefined;
    }
    const known = this.#catalog.candidates(component);
    if (known.length === 0) throw this.#unknown(wishes[next]!);
    const fitting = known.filter((candidate) => this.#fits(candidate, wishes)).toSorted(newestFirst);
    if (fitting.length === 0) this.#conflict ??= this.#conflictOf(component, wishes);
    for (const candidate of fitting) {
      const more = candidate.dependencies.map(wishOf).filter((wish) =>
        !this.#roots.has(wish.declaration.component)
      );
      const found = this.#choose(new Map(chosen).set(component, candidate), [...wishes, ...more], next + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #isMet(chosen: ReadonlyMap<string, ModuleCandidate>, wish: Wish): boolean {
    const candidate = chosen.get(wish.declaration.component);
    return candidate !== undefined && fitsRange(candidate, wish.range);
  }

  #fits(candidate: ModuleCandidate, wishes: readonly Wish[]): boolean {
    return wishes.every(({ declaration, range }) =>
      declaration.component !== candidate.name || fitsRange(candidate, range)
    );
  }

  #unknown({ declaration }: Wish): Failure {
    const message =
      `${declaration.id} needs module ${declaration.component}, which is not there; ${this.#catalog.hint}`;
    return new Failure("NotFound", message, {
      retryable: false,
      details: { component: declaration.component, id: declaration.id },
    });
  }

  #conflictOf(component: string, wishes: readonly Wish[]): Failure {
    const involved = wishes.filter((wish) => wish.declaration.component === component);
    const id = involved.at(-1)?.declaration.id ?? "";
    const declared = involved
      .map(({ declaration, range }) => `${range.text} (${declaration.id})`);
    const versions = this.#catalog.candidates(component).map((candidate) => candidate.version);
    const message = `no version of module ${component} fits all of ${declared.join(", ")}; there is ${
      versions.join(", ")
    }`;
    return new Failure("Conflict", message, {
      retryable: false,
      details: { component, declared, versions, id },
    });
  }
}

function fitsRange(candidate: ModuleCandidate, range: VersionRange): boolean {
  if (candidate.anyVersion === true || range.comparators.length === 0) return true;
  const version = parseModuleVersion(candidate.version);
  return version !== undefined && satisfies(version, range);
}

const OLDEST: ModuleVersion = { major: -1, minor: 0, patch: 0, pre: [] };

/** Releases before pre-releases, newer before older. */
function newestFirst(a: ModuleCandidate, b: ModuleCandidate): number {
  const [first, second] = [parseModuleVersion(a.version) ?? OLDEST, parseModuleVersion(b.version) ?? OLDEST];
  const stage = Number(first.pre.length > 0) - Number(second.pre.length > 0);
  return stage !== 0 ? stage : compareModuleVersions(second, first);
}
