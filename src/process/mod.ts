/** Relations and names of processes. */
export * from "./lifecycle_event.ts";
export * from "./name_registry.ts";
export * from "./process_table.ts";
