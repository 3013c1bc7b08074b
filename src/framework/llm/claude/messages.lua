--- The Messages interface of Anthropic: what it is asked, and what it answers.

local BASE_URL = "https://api.anthropic.com"
local VERSION = "2023-06-01"
local TIMEOUT_SECONDS = 240
local PATH = "/v1/messages"
--- What an answer may take when nobody says; the interface wants to be told.
local MAX_TOKENS = 4096
--- Thoughts at full effort, and the least that may be asked for.
local THINKING_TOKENS_MAX = 24000
local THINKING_TOKENS_MIN = 1024
local DATA_TOOL = "structured_output"
local FINISH = {
  end_turn = "stop",
  stop_sequence = "stop",
  pause_turn = "stop",
  max_tokens = "length",
  tool_use = "tool_call",
  refusal = "filtered",
}

local M = {}

local function endpoint(): any
  local headers: any = {
    ["anthropic-version"] = tostring(
      settings.lookup("api_version", "ANTHROPIC_API_VERSION", VERSION)
    ),
  }
  local key = settings.lookup("api_key", "ANTHROPIC_API_KEY", nil)
  if key ~= nil then headers["x-api-key"] = tostring(key) end
  return {
    base_url = settings.address("base_url", "ANTHROPIC_BASE_URL", BASE_URL),
    headers = headers,
    timeout = settings.seconds("timeout", "ANTHROPIC_TIMEOUT", TIMEOUT_SECONDS),
  }
end

local function source_of(part: any): any
  local source = part.source or {}
  if source.type == "base64" then
    return {type = "base64", media_type = source.mime_type, data = source.data}
  end
  return {type = "url", url = source.url}
end

local function blocks_of(message: any): {any}
  local blocks = {}
  for _, part in ipairs(message.content or {}) do
    if part.type == "text" and part.text ~= "" then
      blocks[#blocks + 1] = {type = "text", text = part.text}
    elseif part.type == "image" or part.type == "document" then
      blocks[#blocks + 1] = {type = part.type, source = source_of(part)}
    end
  end
  return blocks
end

local FORM = {
  content = "content",
  assistant = "assistant",
  blocks = blocks_of,
  call = function(call: any): any
    return {
      type = "tool_use",
      id = call.id or call.name,
      name = call.name,
      input = shapes.object(call.arguments)
    }
  end,
  result = function(message: any): any
    return {
      type = "tool_result",
      tool_use_id = message.function_call_id or message.name,
      content = shapes.text_of(message),
    }
  end,
}

local function mark(blocks: {any})
  blocks[#blocks].cache_control = {type = "ephemeral"}
end

local function add_tools(body: any, request: any): string?
  local tools, choice, wrong = shapes.tools(request, function(tool: any, schema: any): any
    return {name = tool.name, description = tool.description, input_schema = schema}
  end)
  if tools == nil then return wrong end
  body.tools = tools
  if choice == "auto" or choice == "none" or choice == "any" then
    body.tool_choice = {type = choice}
  else
    body.tool_choice = {type = "tool", name = choice}
  end
  return nil
end

local function is_call(block: any): boolean
  return block.type == "tool_use"
end

local function add_thinking(body: any, request: any)
  local effort = math.min(100, tonumber((request.options or {}).thinking_effort) or 0)
  if effort <= 0 or not shapes.may_think(request, body.messages, is_call) then return end
  local budget = math.max(THINKING_TOKENS_MIN, math.floor(THINKING_TOKENS_MAX * effort / 100))
  body.thinking = {type = "enabled", budget_tokens = budget}
  -- Thoughts count for the answer, and go with no other temperature.
  body.max_tokens = body.max_tokens + budget
  body.temperature = nil
  body.top_k = nil
end

local function body_of(request: any): (any, string?)
  local options = request.options or {}
  local system, turns = shapes.turns(request.messages, FORM, mark)
  local body: any = {
    model = request.model,
    max_tokens = math.floor(tonumber(options.max_tokens) or MAX_TOKENS),
    messages = turns,
    system = #system > 0 and system or nil,
    temperature = options.temperature,
    top_p = options.top_p,
    top_k = options.top_k,
    metadata = options.user ~= nil and {user_id = options.user} or nil,
  }
  add_thinking(body, request)
  return body, add_tools(body, request)
end

local function tokens_of(usage: any): any
  local known = type(usage) == "table" and usage or {}
  return {
    prompt_tokens = known.input_tokens or 0,
    completion_tokens = known.output_tokens or 0,
    cache_read_input_tokens = known.cache_read_input_tokens,
    cache_read_tokens = known.cache_read_input_tokens,
    cache_creation_input_tokens = known.cache_creation_input_tokens,
    cache_write_tokens = known.cache_creation_input_tokens,
  }
end

--- The answer in the shape of the contracts.
local function answer_of(response: any): any
  local texts, calls, thoughts = {}, {}, {}
  for _, block in ipairs(response.content or {}) do
    if block.type == "text" then
      texts[#texts + 1] = block.text or ""
    elseif block.type == "thinking" then
      thoughts[#thoughts + 1] = block.thinking or ""
    elseif block.type == "tool_use" then
      calls[#calls + 1] = shapes.call(block.id, block.name, block.input)
    end
  end
  local metadata: any = {id = response.id, model = response.model}
  if #thoughts > 0 then metadata.thinking = table.concat(thoughts) end
  local reason = FINISH[response.stop_reason] or "stop"
  return shapes.answer(table.concat(texts), calls, tokens_of(response.usage), reason, metadata)
end

--- Puts the events of a stream together to the answer that would have come whole.
local function gathering(writer: any): (any, (any) -> any)
  local whole: any = {content = {}, usage = {}}
  local function take(event: any): any
    local block = event.index ~= nil and whole.content[event.index + 1] or nil
    if event.type == "error" then return transport.told(event.error) end
    if event.type == "message_start" then
      whole.id, whole.model = event.message.id, event.message.model
      whole.usage = event.message.usage or {}
    elseif event.type == "content_block_start" then
      local begun = event.content_block
      if begun.type == "tool_use" then begun.input = "" end
      whole.content[event.index + 1] = begun
    elseif event.type == "content_block_delta" and block ~= nil then
      local delta = event.delta
      if delta.type == "text_delta" then
        block.text = (block.text or "") .. delta.text
        writer:text(delta.text)
      elseif delta.type == "thinking_delta" then
        block.thinking = (block.thinking or "") .. delta.thinking
        writer:thinking(delta.thinking)
      elseif delta.type == "input_json_delta" then
        block.input = block.input .. delta.partial_json
      end
    elseif event.type == "content_block_stop" and block ~= nil and block.type == "tool_use" then
      writer:tool_call(shapes.call(block.id, block.name, block.input))
    elseif event.type == "message_delta" then
      whole.stop_reason = event.delta.stop_reason
      for key, value in pairs(event.usage or {}) do whole.usage[key] = value end
    end
    return nil
  end
  return whole, take
end

local function streamed(body: any, request: any): any
  body.stream = true
  local writer = stream.writer(request.stream)
  local whole, take = gathering(writer)
  local refusal = transport.events(endpoint(), PATH, body, request, take)
  writer:finish()
  if refusal ~= nil then return refusal end
  return whole.stop_reason ~= nil and answer_of(whole) or failures.cut_short()
end

--- Text, or calls of tools.
function M.generate(request: any): any
  local body, wrong = body_of(request)
  if wrong ~= nil then return failures.invalid(wrong) end
  if request.stream ~= nil then return streamed(body, request) end
  local response, refusal = transport.post(endpoint(), PATH, body, request)
  return response ~= nil and answer_of(response) or refusal
end

--- Data of a schema: the arguments of a tool that has to be called.
function M.structured_output(request: any): any
  local body = body_of(request)
  if body.thinking ~= nil then
    -- Who thinks can't be made to call.
    body.max_tokens = body.max_tokens - body.thinking.budget_tokens
    body.thinking = nil
  end
  body.tools = {
    {
      name = DATA_TOOL,
      description = "Gives the result.",
      input_schema = shapes.schema(request.schema)
    }
  }
  body.tool_choice = {type = "tool", name = DATA_TOOL}
  local response, refusal = transport.post(endpoint(), PATH, body, request)
  return response ~= nil and shapes.with_called_data(answer_of(response)) or refusal
end

--- Whether the provider answers, and takes the key.
function M.status(): any
  return transport.health(transport.get(endpoint(), "/v1/models", {timeout = 10}))
end

return M
