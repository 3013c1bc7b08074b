--- The Responses interface of OpenAI: what it is asked, and what it answers.

local PATH = "/responses"
local TYPE = failures.TYPE

local M = {}

local function parts_of(message: any, text_type: string): {any}
  local parts = {}
  for _, part in ipairs(message.content or {}) do
    if part.type == "text" then
      parts[#parts + 1] = {type = text_type, text = part.text}
    elseif part.type == "image" then
      parts[#parts + 1] = {type = "input_image", image_url = shapes.image_address(part)}
    elseif part.type == "document" then
      parts[#parts + 1] = {
        type = "input_file",
        filename = "document",
        file_data = shapes.image_address(part)
      }
    end
  end
  return parts
end

--- Messages as items; marks of caches mean nothing here.
local function input_of(messages: {any}): {any}
  local items = {}
  for _, message in ipairs(messages) do
    local role = message.role
    if role == "function_call" then
      local call = message.function_call
      items[#items + 1] = {
        type = "function_call",
        call_id = call.id or call.name,
        name = call.name,
        arguments = shapes.arguments_text(call.arguments),
      }
    elseif role == "function_result" then
      items[#items + 1] = {
        type = "function_call_output",
        call_id = message.function_call_id or message.name,
        output = shapes.text_of(message),
      }
    elseif role == "assistant" then
      items[#items + 1] = {role = role, content = parts_of(message, "output_text")}
    elseif role ~= "cache_marker" then
      items[#items + 1] = {role = role, content = parts_of(message, "input_text")}
    end
  end
  return items
end

local function add_tools(body: any, request: any): string?
  local tools, choice, wrong = shapes.tools(request, function(tool: any, schema: any): any
    return {
      type = "function",
      name = tool.name,
      description = tool.description,
      parameters = schema,
      strict = false,
    }
  end)
  if tools == nil then return wrong end
  body.tools = tools
  body.tool_choice = shapes.OPENAI_CHOICES[choice] or {type = "function", name = choice}
  return nil
end

--- The body of a request; the second value says what is wrong with it.
local function body_of(request: any): (any, string?)
  local options = request.options or {}
  local effort = shapes.effort(options)
  local body = {
    model = request.model,
    input = input_of(request.messages),
    max_output_tokens = options.max_tokens,
    temperature = options.temperature,
    top_p = options.top_p,
    user = options.user,
    reasoning = effort ~= nil and {effort = effort, summary = "auto"} or nil,
    store = false,
  }
  return body, add_tools(body, request)
end

local function tokens_of(usage: any): any
  local known = type(usage) == "table" and usage or {}
  local thinking = (known.output_tokens_details or {}).reasoning_tokens or 0
  return {
    prompt_tokens = known.input_tokens or 0,
    completion_tokens = (known.output_tokens or 0) - thinking,
    thinking_tokens = thinking,
    total_tokens = known.total_tokens,
    cache_read_tokens = (known.input_tokens_details or {}).cached_tokens,
  }
end

--- What a message of the model says; the second value is what it refuses with.
local function said(item: any): (string, string?)
  local texts = {}
  for _, part in ipairs(item.content or {}) do
    if part.type == "refusal" then return "", part.refusal end
    texts[#texts + 1] = part.text or ""
  end
  return table.concat(texts)
end

local function finish_of(response: any, calls: {any}): string
  if #calls > 0 then return "tool_call" end
  if response.status ~= "incomplete" then return "stop" end
  return (response.incomplete_details or {}).reason == "content_filter" and "filtered" or "length"
end

--- The answer in the shape of the contracts.
local function answer_of(response: any): any
  if type(response.error) == "table" then return transport.told(response.error) end
  local texts, calls = {}, {}
  for _, item in ipairs(response.output or {}) do
    if item.type == "message" then
      local text, refusal = said(item)
      if refusal ~= nil then return failures.refusal(TYPE.CONTENT_FILTER, refusal, {}) end
      texts[#texts + 1] = text
    elseif item.type == "function_call" then
      calls[#calls + 1] = shapes.call(item.call_id, item.name, item.arguments)
    end
  end
  return shapes.answer(
    table.concat(texts),
    calls,
    tokens_of(response.usage),
    finish_of(response, calls),
    {id = response.id, model = response.model}
  )
end

--- Asks for a stream and passes it on; its last event holds the whole answer.
local function streamed(endpoint: any, body: any, request: any): any
  body.stream = true
  local writer = stream.writer(request.stream)
  local whole
  local refusal = transport.events(endpoint, PATH, body, request, function(event: any): any
    if event.type == "response.output_text.delta" then
      writer:text(event.delta)
    elseif event.type == "response.reasoning_summary_text.delta" then
      writer:thinking(event.delta)
    elseif event.type == "response.output_item.done" and event.item.type == "function_call" then
      writer:tool_call(shapes.call(event.item.call_id, event.item.name, event.item.arguments))
    elseif event.type == "response.completed"
      or event.type == "response.incomplete"
      or event.type == "response.failed" then
      whole = event.response
    elseif event.type == "error" then
      return transport.told(event)
    end
    return nil
  end)
  writer:finish()
  if refusal ~= nil then return refusal end
  if whole == nil then return failures.cut_short() end
  return answer_of(whole)
end

--- Text, or calls of tools.
function M.generate(endpoint: any, request: any): any
  local body, wrong = body_of(request)
  if wrong ~= nil then return failures.invalid(wrong) end
  if request.stream ~= nil then return streamed(endpoint, body, request) end
  local response, refusal = transport.post(endpoint, PATH, body, request)
  return response ~= nil and answer_of(response) or refusal
end

--- Data of a schema.
function M.structured_output(endpoint: any, request: any): any
  local wrong = shapes.not_strict(request.schema)
  if wrong ~= nil then return failures.invalid(wrong) end
  local body = body_of(request)
  body.text = {
    format = {
      type = "json_schema",
      name = "result",
      schema = shapes.schema(request.schema),
      strict = true
    }
  }
  local response, refusal = transport.post(endpoint, PATH, body, request)
  return response ~= nil and shapes.with_data(answer_of(response)) or refusal
end

return M
