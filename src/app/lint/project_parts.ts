/** What only a lint that finds nothing in its cache needs. */
export { DefinitionLint } from "./definition_lint.ts";
export { definitionOf, EntryLint } from "./entry_lint.ts";
export { EntryTexts } from "./entry_text.ts";
export { ProjectFacts } from "./world.ts";
