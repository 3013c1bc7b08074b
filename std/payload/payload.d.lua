--- Values with the name of their format.

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
