/** Points in time, durations and time zones, and their text. */
export * from "./duration.ts";
export * from "./format.ts";
export * from "./instant.ts";
export * from "./location.ts";
export * from "./parse.ts";
