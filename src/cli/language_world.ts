/** What the rules of the system are told about a project that is open in an editor. */
import { madeIds, ProjectFacts } from "../app/mod.ts";
import type { WorldMaker } from "../lsp/mod.ts";

/** Entries may come from modules that are not installed: only what is in namespaces of the project is missed. */
export const languageWorlds: WorldMaker = ({ entries, modules, texts }) => {
  const facts = new ProjectFacts(entries, modules, true, () => new Set(texts().flatMap(madeIds)));
  return (checked) => facts.world(checked, new Map());
};
