--- What a model says, passed on while it says it.
---
--- ST1. Text is passed on in pieces: at the end of a sentence, or when enough of it waits.

local TOPIC = "llm_response"
local BUFFER_SIZE = 10
local SENTENCE_END = "[.!?\n]%s*$"

local Writer = {}
Writer.__index = Writer

local function send(writer: any, chunk: any)
  if writer.reply_to ~= nil then process.send(writer.reply_to, writer.topic, chunk) end
end

local function flush(writer: any)
  if writer.waiting == "" then return end
  send(writer, {type = writer.kind, content = writer.waiting})
  writer.waiting = ""
end

local function add(writer: any, kind: string, text: any)
  if type(text) ~= "string" or text == "" then return end
  if writer.kind ~= kind then flush(writer) end
  writer.kind = kind
  writer.waiting = writer.waiting .. text
  if #writer.waiting >= writer.buffer_size or writer.waiting:find(SENTENCE_END) then
    flush(writer)
  end
end

--- Text of the answer.
function Writer:text(text: any)
  if type(text) == "string" then self.content[#self.content + 1] = text end
  add(self, "chunk", text)
end

--- Text of the thoughts before it.
function Writer:thinking(text: any)
  add(self, "thinking", text)
end

--- A call of a tool that is complete.
function Writer:tool_call(call: any)
  flush(self)
  send(self, {type = "tool_call", name = call.name, arguments = call.arguments, id = call.id})
end

--- Passes on what waits; all text of the answer.
function Writer:finish(): string
  flush(self)
  return table.concat(self.content)
end

local M = {}

--- Passes on to whom the request names; to nobody when it wants no stream.
function M.writer(stream: any): any
  local wanted = type(stream) == "table" and stream or {}
  return setmetatable({
    reply_to = wanted.reply_to,
    topic = wanted.topic or TOPIC,
    buffer_size = math.max(1, tonumber(wanted.buffer_size) or BUFFER_SIZE),
    waiting = "",
    kind = "chunk",
    content = {},
  }, Writer)
end

return M
