--- Values with the name of their format.
---
--- ```lua
--- local payload = require("payload")
---
--- local value = payload.new({ name = "Ada" })
--- local text = assert(value:transcode(payload.format.JSON))
--- assert(text:get_format() == payload.format.JSON)
--- assert(text:transcode(payload.format.LUA):data().name == "Ada")
--- ```

--- A value and its format.
type payload.Payload = {
  get_format: (self: payload.Payload) -> string,
  data: (self: payload.Payload) -> (any, error?),
  transcode: (self: payload.Payload, format: string) -> (payload.Payload?, error?),
  unmarshal: (self: payload.Payload) -> (any, error?)
}

--- A payload of a Lua value.
function payload.new(value: any): payload.Payload

--- Names of formats.
payload.format: {JSON: string, YAML: string, STRING: string, BYTES: string, MSGPACK: string, LUA: string, GOLANG: string, ERROR: string}
