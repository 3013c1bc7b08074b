/** Entries, kinds' contract, versions and change sets. */
export * from "./change_set.ts";
export * from "./dependency_order.ts";
export * from "./digest.ts";
export * from "./entry.ts";
export * from "./history.ts";
export * from "./kind.ts";
export * from "./kind_runner.ts";
export * from "./kind_table.ts";
export * from "./lifecycle.ts";
export * from "./message_pack.ts";
export * from "./nearest_name.ts";
export * from "./placeholder.ts";
export * from "./registry.ts";
export * from "./state.ts";
export * from "./version.ts";
