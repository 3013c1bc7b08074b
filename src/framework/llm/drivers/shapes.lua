--- Parts of messages and of requests that providers have in common.

local json = require("json")

--- How an interface writes turns: the field of their content, the role of the model, the blocks of a message, of a call and of a result.
type Form = {
  content: string,
  assistant: string,
  blocks: (message: any) -> {any},
  call: (call: any) -> any,
  result: (message: any) -> any
}

local M = {
  --- A table that is an object in JSON, also when it is empty.
  EMPTY_OBJECT = json.decode("{}"),
  --- Choices of tools by their names at OpenAI.
  OPENAI_CHOICES = {auto = "auto", none = "none", any = "required"},
}

--- Fields of schemas that hold schemas by name, lists, or what is no schema.
local NAMED = {
  properties = true,
  patternProperties = true,
  definitions = true,
  dependentSchemas = true,
  ["$defs"] = true
}
local LISTS = {allOf = true, anyOf = true, oneOf = true, prefixItems = true}
local VALUES = {
  required = true,
  enum = true,
  type = true,
  examples = true,
  default = true,
  const = true,
  dependentRequired = true
}

--- A table of named fields; one without any is an object in JSON all the same.
function M.object(value: any): any
  if type(value) ~= "table" or next(value) == nil then return M.EMPTY_OBJECT end
  return value
end

--- A schema in which what is an object stays one, though it be empty.
function M.schema(value: any): any
  if type(value) ~= "table" then return value end
  if next(value) == nil then return M.EMPTY_OBJECT end
  local made: any = {}
  for key, each in pairs(value) do
    if VALUES[key] or type(each) ~= "table" then
      made[key] = each
    elseif NAMED[key] and next(each) ~= nil or LISTS[key] then
      made[key] = {}
      for name, schema in pairs(each) do made[key][name] = M.schema(schema) end
    else
      made[key] = M.schema(each)
    end
  end
  return made
end

--- Text as a part of an address.
function M.escaped(text: string): string
  return (text:gsub("[^%w%-_.~]", function(byte: string): string
    return string.format("%%%02X", byte:byte())
  end))
end

--- All text of a message.
function M.text_of(message: any): string
  local texts = {}
  for _, part in ipairs(message.content or {}) do
    if part.type == "text" then texts[#texts + 1] = part.text end
  end
  return table.concat(texts, "\n\n")
end

--- An address for an image: its own, or one that holds its bytes.
function M.image_address(part: any): string
  local source = part.source or {}
  if source.type == "base64" then
    return "data:" .. tostring(source.mime_type) .. ";base64," .. tostring(source.data)
  end
  return tostring(source.url)
end

--- Arguments of a call as JSON: an object, also when there are none.
function M.arguments_text(arguments: any): string
  if type(arguments) ~= "table" or next(arguments) == nil then return "{}" end
  return assert(json.encode(arguments))
end

--- Arguments that a model has written; a text that is no object stands under `raw`.
function M.arguments_of(text: any): any
  if type(text) == "table" then return text end
  if type(text) ~= "string" or text == "" then return {} end
  local decoded = json.decode(text)
  if type(decoded) == "table" then return decoded end
  return {raw = text}
end

--- A call of a tool, with arguments as the model has written them.
function M.call(id: any, name: any, arguments: any): any
  return {id = id, name = name, arguments = M.arguments_of(arguments)}
end

--- An answer in the shape of the contracts.
function M.answer(content: string, calls: {any}, tokens: any, reason: string, metadata: any): any
  return {
    success = true,
    result = {content = content, tool_calls = calls},
    tokens = tokens,
    finish_reason = reason,
    metadata = metadata,
  }
end

--- An answer whose text is data. A refusal stays one.
function M.with_data(answer: any): any
  if answer.success then answer.result = {data = answer.result.content} end
  return answer
end

--- An answer whose data are the arguments of its call.
function M.with_called_data(answer: any): any
  local call = answer.result.tool_calls[1]
  answer.result = {data = call ~= nil and call.arguments or nil}
  if call ~= nil then answer.finish_reason = "stop" end
  return answer
end

--- Messages by turns: neighbours of one side are one message. System messages, and a developer's before all turns, stand apart. `mark` marks
--- what was written so far as worth keeping.
function M.turns(messages: {any}, form: Form, mark: ((blocks: {any}) -> ())?): ({any}, {any})
  local system: {any}, turns: {any} = {}, {}
  local written = system
  local function put(role: string, blocks: {any})
    if #blocks == 0 then return end
    local last = turns[#turns]
    if last == nil or last.role ~= role then
      last = {role = role, [form.content] = {}}
      turns[#turns + 1] = last
    end
    written = last[form.content]
    for _, block in ipairs(blocks) do written[#written + 1] = block end
  end
  for _, message in ipairs(messages) do
    local role = message.role
    if role == "system" or role == "developer" and #turns == 0 then
      written = system
      for _, block in ipairs(form.blocks(message)) do written[#written + 1] = block end
    elseif role == "cache_marker" then
      if mark ~= nil and #written > 0 then mark(written) end
    elseif role == "function_call" then
      put(form.assistant, {form.call(message.function_call)})
    elseif role == "function_result" then
      put("user", {form.result(message)})
    else
      put(role == "assistant" and form.assistant or "user", form.blocks(message))
    end
  end
  return system, turns
end

--- Whether a request has tools.
local function has_tools(request: any): boolean
  return type(request.tools) == "table" and #request.tools > 0
end

--- The schema of a tool's arguments; models want an object in any case.
function M.tool_schema(tool: any): any
  local schema = tool.schema or tool.parameters or tool.input_schema
  if type(schema) == "string" then schema = json.decode(schema) end
  if type(schema) ~= "table" or next(schema) == nil then
    return {type = "object", properties = {reason = {type = "string", description = "Not needed."}}}
  end
  return M.schema(schema)
end

--- The tools of a request as an interface takes them, and which of them the request insists on; no tools when it has none, or when something
--- is wrong with it, which the third value says.
function M.tools(request: any, describe: (tool: any, schema: any) -> any): ({any}?, string, string?)
  if not has_tools(request) then return nil, "auto" end
  local choice, wrong = M.tool_choice(request)
  if wrong ~= nil then return nil, choice, wrong end
  local tools = {}
  for i, tool in ipairs(request.tools) do tools[i] = describe(tool, M.tool_schema(tool)) end
  return tools, choice
end

--- Which of the tools a request insists on: `auto`, `none`, `any`, or the name of one; the second value says what is wrong.
function M.tool_choice(request: any): (string, string?)
  local choice = request.tool_choice
  if choice == nil or choice == "" then return "auto" end
  if choice == "auto" or choice == "none" or choice == "any" then return choice end
  for _, tool in ipairs(request.tools or {}) do
    if tool.name == choice then return choice end
  end
  return "auto", "tool_choice: there is no tool " .. tostring(choice)
end

--- Whether the last turn of the model holds a call.
local function is_amid_calls(turns: {any}, is_call: (block: any) -> boolean): boolean
  for i = #turns, 1, -1 do
    if turns[i].role == "assistant" then
      for _, block in ipairs(turns[i].content) do
        if is_call(block) then return true end
      end
      return false
    end
  end
  return false
end

--- Whether Claude may think about a request. It can't when it must call; and a turn that calls has to begin with its thoughts as they were
--- signed, which messages don't hold, so the rest of such a turn goes without. `is_call` tells blocks that call.
function M.may_think(request: any, turns: {any}, is_call: (block: any) -> boolean): boolean
  local choice = has_tools(request) and M.tool_choice(request) or "auto"
  return (choice == "auto" or choice == "none") and not is_amid_calls(turns, is_call)
end

--- The word for an effort between 0 and 100; nil for none.
function M.effort(options: any): string?
  local effort = tonumber(options.thinking_effort) or 0
  if effort <= 0 then return nil end
  if effort < 34 then return "low" end
  return effort < 67 and "medium" or "high"
end

--- What is wrong with a schema for providers that want all of it answered; nil when nothing is.
function M.not_strict(schema: any): string?
  if schema.type ~= "object" then return "the schema must be of the type object" end
  if schema.additionalProperties ~= false then
    return "the schema must have additionalProperties = false"
  end
  local required = {}
  for _, name in ipairs(schema.required or {}) do required[name] = true end
  for name in pairs(schema.properties or {}) do
    if not required[name] then return "every property must be required; " .. name .. " is not" end
  end
  return nil
end

return M
