/** What editors ask for: a language server, and definition files laid out. */
export { type PrintedDefinitions, printDefinitions } from "./print_definitions.ts";
