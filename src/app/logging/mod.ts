/** Log records: where they meet, where they go, how they look. */
export { createEncoder, levelName, type LogEncoder, type LogEncoding } from "./encodings.ts";
export { type LogConsole, LogHub, type LogHubOptions, type LogRouting } from "./log_hub.ts";
