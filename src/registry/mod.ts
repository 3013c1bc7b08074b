/** Entries, kinds' contract, versions and change sets. */
export * from "./entry.ts";
export * from "./kind.ts";
