--- Chat completions: what they are asked, and what they answer.

local PATH = "/chat/completions"
local TYPE = failures.TYPE
local FINISH = {
  stop = "stop",
  length = "length",
  tool_calls = "tool_call",
  function_call = "tool_call",
  content_filter = "filtered",
}

local M = {}

--- A text where there is nothing else: some servers know no parts.
local function content_of(message: any): any
  local parts, has_more = {}, false
  for _, part in ipairs(message.content or {}) do
    if part.type == "text" then
      parts[#parts + 1] = {type = "text", text = part.text}
    elseif part.type == "image" then
      has_more = true
      parts[#parts + 1] = {type = "image_url", image_url = {url = shapes.image_address(part)}}
    end
  end
  return has_more and parts or shapes.text_of(message)
end

local function call_of(message: any): any
  local call = message.function_call
  return {
    id = call.id or call.name,
    type = "function",
    ["function"] = {name = call.name, arguments = shapes.arguments_text(call.arguments)},
  }
end

--- Messages; calls that follow each other, or a text of the assistant, are one.
local function messages_of(all: {any}): {any}
  local messages: {any} = {}
  for _, message in ipairs(all) do
    local last = messages[#messages]
    if message.role == "function_call" then
      if last == nil or last.role ~= "assistant" then
        last = {role = "assistant", content = ""}
        messages[#messages + 1] = last
      end
      last.tool_calls = last.tool_calls or {}
      last.tool_calls[#last.tool_calls + 1] = call_of(message)
    elseif message.role == "function_result" then
      messages[#messages + 1] = {
        role = "tool",
        tool_call_id = message.function_call_id or message.name,
        content = shapes.text_of(message),
      }
    elseif message.role ~= "cache_marker" then
      -- Servers that are not OpenAI's know no developers.
      local role = message.role == "developer" and "system" or message.role
      messages[#messages + 1] = {role = role, content = content_of(message), name = message.name}
    end
  end
  return messages
end

local function add_tools(body: any, request: any): string?
  local tools, choice, wrong = shapes.tools(request, function(tool: any, schema: any): any
    return {
      type = "function",
      ["function"] = {name = tool.name, description = tool.description, parameters = schema},
    }
  end)
  if tools == nil then return wrong end
  body.tools = tools
  body.tool_choice = shapes.OPENAI_CHOICES[choice]
    or {type = "function", ["function"] = {name = choice}}
  return nil
end

local function body_of(request: any): (any, string?)
  local options = request.options or {}
  local body = {
    model = request.model,
    messages = messages_of(request.messages),
    max_tokens = options.max_tokens,
    temperature = options.temperature,
    top_p = options.top_p,
    top_k = options.top_k,
    user = options.user,
    reasoning_effort = shapes.effort(options),
  }
  return body, add_tools(body, request)
end

local function tokens_of(usage: any): any
  local known = type(usage) == "table" and usage or {}
  local thinking = (known.completion_tokens_details or {}).reasoning_tokens or 0
  return {
    prompt_tokens = known.prompt_tokens or 0,
    completion_tokens = (known.completion_tokens or 0) - thinking,
    thinking_tokens = thinking,
    total_tokens = known.total_tokens,
    cache_read_tokens = (known.prompt_tokens_details or {}).cached_tokens,
  }
end

--- The answer in the shape of the contracts.
local function answer_of(content: string, calls: {any}, reason: any, response: any): any
  local finish = FINISH[reason] or "stop"
  if #calls > 0 then finish = "tool_call" end
  return shapes.answer(content, calls, tokens_of(response.usage), finish, {
    id = response.id,
    model = response.model
  })
end

local function read(response: any): any
  local choice = (response.choices or {})[1]
  if choice == nil then
    return failures.refusal(TYPE.SERVER_ERROR, "the provider gave no choice", {})
  end
  local message = choice.message or {}
  if type(message.refusal) == "string" then
    return failures.refusal(TYPE.CONTENT_FILTER, message.refusal, {})
  end
  local calls = {}
  for _, call in ipairs(message.tool_calls or {}) do
    local called = call["function"] or {}
    calls[#calls + 1] = shapes.call(call.id, called.name, called.arguments)
  end
  return answer_of(message.content or "", calls, choice.finish_reason, response)
end

--- Puts the pieces of calls together, in the order in which the calls began. A piece without a number is a call for itself.
local function gather(calls: {any}, by_index: {[number]: any}, deltas: {any})
  for _, delta in ipairs(deltas) do
    local index = tonumber(delta.index)
    local call = index ~= nil and by_index[index] or nil
    if call == nil then
      call = {name = "", arguments = ""}
      calls[#calls + 1] = call
      if index ~= nil then by_index[index] = call end
    end
    local called = delta["function"] or {}
    call.id = delta.id or call.id
    call.name = call.name .. (called.name or "")
    call.arguments = call.arguments .. (called.arguments or "")
  end
end

local function streamed(endpoint: any, body: any, request: any): any
  body.stream = true
  body.stream_options = {include_usage = true}
  local writer = stream.writer(request.stream)
  local pieces: {any} = {}
  local by_index: {[number]: any} = {}
  local seen: any = {}
  local refusal = transport.events(endpoint, PATH, body, request, function(event: any): any
    if event.error ~= nil then return transport.told(event.error) end
    seen.id, seen.model = event.id or seen.id, event.model or seen.model
    seen.usage = event.usage or seen.usage
    local choice = (event.choices or {})[1]
    if choice == nil then return nil end
    local delta = choice.delta or {}
    writer:thinking(delta.reasoning_content or delta.reasoning)
    writer:text(delta.content)
    gather(pieces, by_index, delta.tool_calls or {})
    seen.reason = choice.finish_reason or seen.reason
    return nil
  end)
  local calls = {}
  for _, piece in ipairs(pieces) do
    calls[#calls + 1] = shapes.call(piece.id, piece.name, piece.arguments)
    if refusal == nil then writer:tool_call(calls[#calls]) end
  end
  local content = writer:finish()
  if refusal ~= nil then return refusal end
  if seen.reason == nil then return failures.cut_short() end
  return answer_of(content, calls, seen.reason, seen)
end

--- Text, or calls of tools.
function M.generate(endpoint: any, request: any): any
  local body, wrong = body_of(request)
  if wrong ~= nil then return failures.invalid(wrong) end
  if request.stream ~= nil then return streamed(endpoint, body, request) end
  local response, refusal = transport.post(endpoint, PATH, body, request)
  return response ~= nil and read(response) or refusal
end

--- Data of a schema.
function M.structured_output(endpoint: any, request: any): any
  local body = body_of(request)
  body.response_format = {
    type = "json_schema",
    json_schema = {
      name = "result",
      schema = shapes.schema(request.schema),
      strict = shapes.not_strict(request.schema) == nil
    },
  }
  local response, refusal = transport.post(endpoint, PATH, body, request)
  return response ~= nil and shapes.with_data(read(response)) or refusal
end

return M
