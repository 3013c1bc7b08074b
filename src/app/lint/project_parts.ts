/** What only a lint that finds nothing in its cache needs. */
export { cycleAmong, DefinitionPlaces } from "./definition_lint.ts";
export { EntryTexts } from "./entry_text.ts";
export { findingsAhead } from "./threaded_lint.ts";
export { DefinitionFindings, definitionOf, EntryLint, ProjectFacts } from "../../lint/mod.ts";
