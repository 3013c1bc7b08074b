/** Values and small structures that everything above uses. */
export { joinBytes } from "./bytes.ts";
export * from "./calendar.ts";
export * from "./duration.ts";
export * from "./entry_id.ts";
export { SIMPLE_ESCAPES } from "./escapes.ts";
export * from "./event_pattern.ts";
export * from "./failure.ts";
export * from "./limits.ts";
export { parseListenAddress } from "./listen_address.ts";
export { nearestName } from "./nearest_name.ts";
export * from "./pid.ts";
export * from "./recent_table.ts";
export * from "./records.ts";
export { treePath } from "./tree_path.ts";
export * from "./value.ts";
export * from "./zone_names.ts";
export * as schema from "./schema.ts";
export type { Decoded, DecodeScope, Field } from "./schema.ts";
