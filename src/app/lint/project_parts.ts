/** What only a lint that finds nothing in its cache needs. */
export { cycleAmong, DefinitionPlaces } from "./definition_lint.ts";
export { definitionOf, EntryLint } from "./entry_lint.ts";
export { EntryTexts } from "./entry_text.ts";
export { DefinitionFindings, ProjectFacts } from "../../lint/mod.ts";
