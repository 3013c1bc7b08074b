/** How the rules of the system get to know a project: whoever serves editors brings that along. */
import type { World } from "../lang/mod.ts";
import type { CheckedEntry, ModuleDeclaration } from "../lua/mod.ts";
import type { Entry } from "../registry/mod.ts";

/** What the rules of the system may look at. */
export interface WorldSources {
  readonly entries: readonly Entry[];
  readonly modules: readonly ModuleDeclaration[];
  /** Texts of all sources; reading them takes a while. */
  readonly texts: () => string[];
}

/** Tells rules of the system about a project, for each of its sources. */
export type WorldMaker = (sources: WorldSources) => (checked: CheckedEntry) => World;
