/** What formats of payloads are called. */

/** Names of formats. */
export const FORMATS = {
  JSON: "json/plain",
  YAML: "yaml/plain",
  STRING: "text/plain",
  BYTES: "application/octet-stream",
  MSGPACK: "application/msgpack",
  LUA: "lua/any",
  GOLANG: "golang/any",
  ERROR: "golang/error",
} as const;
