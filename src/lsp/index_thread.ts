/** The part of a thread that makes indexes for another one. */
import { libraryOf } from "../lua/checking.ts";
import type { ModuleDeclaration } from "../lua/mod.ts";
import type { IndexAnswer, IndexBoot, IndexJob } from "./indexer.ts";
import { IndexSpace } from "./source_index.ts";

/** Does jobs for the one who sent `boot`. */
export function indexWork(
  { definitions }: IndexBoot,
  modules: readonly ModuleDeclaration[],
): (job: IndexJob) => IndexAnswer {
  const space = new IndexSpace(libraryOf(modules), definitions);
  return (job) =>
    job.flatMap((key) => {
      const index = space.index(key);
      return index === undefined ? [] : [[key, index] as const];
    });
}
