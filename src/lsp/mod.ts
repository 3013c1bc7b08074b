/** What editors ask for: a language server, and definition files laid out. */
export { printDefinitions, type PrintedDefinitions } from "./print_definitions.ts";
