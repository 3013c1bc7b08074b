--- Connections to WebSocket servers.
---
--- Messages arrive through a channel, which is closed with the connection. When nobody receives, the server has to wait.
---
--- ```lua
--- local websocket = require("websocket")
---
--- local client, err = websocket.connect("ws://127.0.0.1:1/feed", { dial_timeout = "2s" })
--- if err then
---   assert(err:retryable())
---   return
--- end
--- client:send("subscribe")
--- local messages = client:channel()
--- local message, ok = messages:receive()
--- if ok then print(message.type, message.data) end
--- client:close()
--- ```

websocket.TEXT: integer
websocket.BINARY: integer
websocket.TYPE_TEXT: string
websocket.TYPE_BINARY: string
websocket.TYPE_PING: string
websocket.TYPE_PONG: string
websocket.TYPE_CLOSE: string
--- How messages are compressed, when the server agrees.
websocket.COMPRESSION: {DISABLED: integer, CONTEXT_TAKEOVER: integer, NO_CONTEXT: integer}
--- Why a connection ends.
websocket.CLOSE_CODES: {
  NORMAL: integer,
  GOING_AWAY: integer,
  PROTOCOL_ERROR: integer,
  UNSUPPORTED_DATA: integer,
  RESERVED: integer,
  NO_STATUS: integer,
  ABNORMAL_CLOSURE: integer,
  INVALID_PAYLOAD: integer,
  POLICY_VIOLATION: integer,
  MESSAGE_TOO_BIG: integer,
  MANDATORY_EXTENSION: integer,
  INTERNAL_ERROR: integer,
  SERVICE_RESTART: integer,
  TRY_AGAIN_LATER: integer,
  BAD_GATEWAY: integer,
  TLS_HANDSHAKE: integer
}

--- How to connect. Timeouts are milliseconds or duration texts: 30 s to connect by default, none to read and write.
--- `read_limit` and `compression_threshold` are bytes (16 MiB and 1 KiB by default), `channel_capacity` messages (64).
type websocket.Options = {
  headers: {[string]: any}?,
  protocols: {string}?,
  dial_timeout: (number | string)?,
  read_timeout: (number | string)?,
  write_timeout: (number | string)?,
  compression: integer?,
  compression_threshold: integer?,
  read_limit: integer?,
  channel_capacity: integer?
}

--- A message; `type` is "text" or "binary".
type websocket.Message = {type: string, data: string?}

--- A connection. `send` takes `websocket.TEXT`, the default, or `websocket.BINARY`; `close` a code from 1000 to 4999,
--- 1000 by default.
type websocket.Client = {
  send: (self: websocket.Client, data: string, type: integer?) -> (boolean?, error?),
  ping: (self: websocket.Client) -> (boolean?, error?),
  channel: (self: websocket.Client) -> any,
  receive: (self: websocket.Client) -> any,
  close: (self: websocket.Client, code: integer?, reason: string?) -> (boolean?, error?)
}

--- Connects to a `ws:` or `wss:` URL.
function websocket.connect(url: string, options: websocket.Options?): (websocket.Client?, error?)
