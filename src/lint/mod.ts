/** What linter and language server say of a project alike: what is known of it, findings about definitions, their places and changes. */
export { definitionEdits } from "./definition_edit.ts";
export * from "./definition_findings.ts";
export * from "./definition_nodes.ts";
export * from "./entry_lint.ts";
export * from "./finding.ts";
export * from "./lint_thread.ts";
export * from "./project_facts.ts";
export * from "./thread_pool.ts";
