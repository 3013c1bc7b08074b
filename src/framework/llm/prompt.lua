--- Conversations, message by message.
---
--- ```lua
--- local prompt = require("prompt")
---
--- local conversation = prompt.with_system("You are brief.")
--- conversation:add_user("What is Lua?")
--- ```
---
--- PR1. Neighbours of one role are one message, whose texts stand apart by a blank line.
--- PR2. Images in the result of a tool follow as a message of the user, behind the last result of their neighbourhood: models take images
---      from users alone.

local json = require("json")

type Part = {type: string, text: any, source: any}
type Message = {
  role: string,
  content: {Part},
  name: string?,
  metadata: any,
  function_call: {id: string?, name: string, arguments: any}?,
  function_call_id: string?,
  marker_id: string?,
  images: {Part}?
}

local ROLE = {
  SYSTEM = "system",
  USER = "user",
  ASSISTANT = "assistant",
  DEVELOPER = "developer",
  FUNCTION_CALL = "function_call",
  FUNCTION_RESULT = "function_result",
  CACHE_MARKER = "cache_marker",
}
--- Roles whose neighbours are merged.
local MERGED = {system = true, user = true, assistant = true, developer = true}
local BETWEEN_TEXTS = "\n\n"
local IMAGES = "_images"

local function copy(value: any): any
  if type(value) ~= "table" then return value end
  local made = {}
  for key, each in pairs(value) do made[key] = copy(each) end
  return made
end

local function text(content: string): Part
  return {type = "text", text = content}
end

--- Content as parts: a text is one of them.
local function parts_of(content: any): {Part}
  if type(content) == "table" and (#content > 0 or next(content) == nil) then
    return copy(content)
  end
  if type(content) == "table" and content.type ~= nil then return {copy(content)} end
  if type(content) == "table" then return {text(assert(json.encode(content)))} end
  return {text(tostring(content == nil and "" or content))}
end

local Builder = {}
Builder.__index = Builder

local function merge(into: Message, parts: {Part}, metadata: any)
  for _, part in ipairs(parts) do
    local last = into.content[#into.content]
    if last ~= nil and last.type == "text" and part.type == "text" then
      last.text = last.text .. BETWEEN_TEXTS .. part.text
    else
      into.content[#into.content + 1] = part
    end
  end
  if metadata == nil then return end
  into.metadata = into.metadata or {}
  for key, value in pairs(metadata) do into.metadata[key] = copy(value) end
end

--- Adds a message of any role, made of parts.
function Builder:add_message(role: string, content: any, name: string?, metadata: any): any
  local parts = parts_of(content)
  local last = self.messages[#self.messages]
  if MERGED[role] and name == nil and last ~= nil and last.role == role and last.name == nil then
    merge(last, parts, metadata)
  else
    self.messages[#self.messages + 1] = {
      role = role,
      content = parts,
      name = name,
      metadata = copy(metadata)
    }
  end
  return self
end

function Builder:add_system(content: any, metadata: any): any
  return self:add_message(ROLE.SYSTEM, content, nil, metadata)
end

function Builder:add_user(content: any, metadata: any): any
  return self:add_message(ROLE.USER, content, nil, metadata)
end

function Builder:add_assistant(content: any, metadata: any): any
  return self:add_message(ROLE.ASSISTANT, content, nil, metadata)
end

function Builder:add_developer(content: any, metadata: any): any
  return self:add_message(ROLE.DEVELOPER, content, nil, metadata)
end

--- Adds the call of a tool; its arguments as a table or as JSON.
function Builder:add_function_call(name: string, arguments: any, id: string?, metadata: any): any
  local decoded = arguments
  if arguments == "" then decoded = {} end
  if type(decoded) == "string" then
    local err
    decoded, err = json.decode(decoded)
    if err ~= nil then error("add_function_call: the arguments are no JSON", 2) end
  end
  self.messages[#self.messages + 1] = {
    role = ROLE.FUNCTION_CALL,
    content = {},
    function_call = {id = id, name = name, arguments = copy(decoded or {})},
    metadata = copy(metadata),
  }
  return self
end

--- Adds what a tool gave: a text, parts, or a table that goes as JSON.
function Builder:add_function_result(name: string, result: any, id: string?): any
  local kept, images = result, nil
  if type(result) == "table" and result[IMAGES] ~= nil then
    kept, images = {}, copy(result[IMAGES])
    for key, value in pairs(result) do
      if key ~= IMAGES then kept[key] = value end
    end
  end
  self.messages[#self.messages + 1] = {
    role = ROLE.FUNCTION_RESULT,
    name = name,
    content = parts_of(kept),
    function_call_id = id,
    images = images,
  }
  return self
end

--- Marks how far a conversation may be kept by the provider.
function Builder:add_cache_marker(id: string?): any
  self.messages[#self.messages + 1] = {
    role = ROLE.CACHE_MARKER,
    content = {},
    marker_id = id or "default"
  }
  return self
end

--- The messages, as providers get them.
function Builder:get_messages(): {Message}
  local all, images = {}, {}
  local function put_images()
    if #images > 0 then all[#all + 1] = {role = ROLE.USER, content = images} end
    images = {}
  end
  for _, message in ipairs(self.messages) do
    if message.role ~= ROLE.FUNCTION_RESULT then put_images() end
    local made = copy(message)
    for _, image in ipairs(made.images or {}) do images[#images + 1] = image end
    made.images = nil
    all[#all + 1] = made
  end
  put_images()
  return all
end

function Builder:build(): {messages: {Message}}
  return {messages = self:get_messages()}
end

local M = {ROLE = ROLE}

--- A conversation; with messages of another one.
function M.new(messages: {Message}?): any
  return setmetatable({messages = copy(messages or {})}, Builder)
end

--- A conversation that begins with what the model is told to be.
function M.with_system(content: any): any
  return M.new():add_system(content)
end

function Builder:clone(): any
  return M.new(self.messages)
end

function Builder:clear(): any
  self.messages = {}
  return self
end

M.text = text

--- An image that the provider fetches.
function M.image(url: string, mime_type: string?): Part
  return {type = "image", source = {type = "url", url = url, mime_type = mime_type}}
end

--- An image in the message itself.
function M.image_base64(mime_type: string, data: string): Part
  return {type = "image", source = {type = "base64", mime_type = mime_type, data = data}}
end

--- A document in the message itself.
function M.document_base64(mime_type: string, data: string): Part
  return {type = "document", source = {type = "base64", mime_type = mime_type, data = data}}
end

return M
