--- Events in the binary form of Amazon's streams: lengths, headers, a payload of JSON, checksums.
---
--- FR1. Lengths that make no sense end a stream: what follows them can't be read.

local json = require("json")

local PRELUDE_BYTES = 12
local CHECKSUM_BYTES = 4
local FRAME_BYTES_MAX = 16 * 1024 * 1024
--- The only type of header that is used here: a text.
local TEXT = 7

local M = {}

local function number(bytes: string, at: integer): integer
  local a, b, c, d = bytes:byte(at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

--- Headers by name; those behind one that is no text are not read.
local function headers_of(bytes: string): {[string]: string}
  local headers, at = {}, 1
  while at <= #bytes do
    local name_size = bytes:byte(at)
    local name = bytes:sub(at + 1, at + name_size)
    at = at + 1 + name_size
    if bytes:byte(at) ~= TEXT then break end
    local size = bytes:byte(at + 1) * 256 + bytes:byte(at + 2)
    headers[name] = bytes:sub(at + 3, at + 2 + size)
    at = at + 3 + size
  end
  return headers
end

--- Gives each event of a stream to `take(headers, payload)`, until that returns something; returns it, or what is wrong with the stream.
function M.read(source: stream.Stream, take: (headers: any, payload: any) -> any): (any, string?)
  local waiting = ""
  while true do
    while #waiting >= PRELUDE_BYTES do
      local size, header_size = number(waiting, 1), number(waiting, 5)
      if size < PRELUDE_BYTES + CHECKSUM_BYTES
        or size > FRAME_BYTES_MAX
        or header_size > size - PRELUDE_BYTES - CHECKSUM_BYTES then
        return nil, "an event has a length that makes no sense"
      end
      if #waiting < size then break end
      local headers = headers_of(waiting:sub(PRELUDE_BYTES + 1, PRELUDE_BYTES + header_size))
      local payload = json.decode(
        waiting:sub(PRELUDE_BYTES + header_size + 1, size - CHECKSUM_BYTES)
      )
      waiting = waiting:sub(size + 1)
      local stopped = take(headers, type(payload) == "table" and payload or {})
      if stopped ~= nil then return stopped end
    end
    local piece, err = source:read()
    if err ~= nil then return nil, err:message() end
    if piece == nil then break end
    waiting = waiting .. piece
  end
  if waiting ~= "" then return nil, "the last event is cut short" end
  return nil
end

return M
