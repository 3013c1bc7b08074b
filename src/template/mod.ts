/** Jet templates: sets of them, parsed once, rendered within bounds. */
export type { Delimiters } from "./lexer.ts";
export { JetTemplates, type TemplateSetOptions } from "./template_set.ts";
