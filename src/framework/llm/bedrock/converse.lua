--- The Converse interface of Amazon Bedrock: what it is asked, and what it answers.

local TYPE = failures.TYPE
local EVENT_STREAM = "application/vnd.amazon.eventstream"
local DATA_TOOL = "structured_output"
--- Thoughts at full effort, and the least that may be asked for.
local THINKING_TOKENS_MAX = 24000
local THINKING_TOKENS_MIN = 1024
local MAX_TOKENS = 4096
local FINISH = {
  end_turn = "stop",
  stop_sequence = "stop",
  max_tokens = "length",
  tool_use = "tool_call",
  guardrail_intervened = "filtered",
  content_filtered = "filtered",
}
--- Failures that a stream may tell of, by the ends of their names.
local EXCEPTIONS = {
  throttlingException = TYPE.RATE_LIMIT,
  validationException = TYPE.INVALID_REQUEST,
  modelStreamErrorException = TYPE.SERVER_ERROR,
  serviceUnavailableException = TYPE.SERVER_ERROR,
  internalServerException = TYPE.SERVER_ERROR,
}

--- Formats by media type, where the type's own name is not one.
local FORMATS = {
  ["image/jpg"] = "jpeg",
  ["text/plain"] = "txt",
  ["text/markdown"] = "md",
  ["application/msword"] = "doc",
  ["application/vnd.ms-excel"] = "xls",
  ["application/vnd.openxmlformats-officedocument.wordprocessingml.document"] = "docx",
  ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"] = "xlsx",
}

local M = {}

local function format_of(source: any): string
  local media_type = tostring(source.mime_type):lower():match("^[^;%s]*")
  return FORMATS[media_type] or media_type:match("([^/]+)$") or media_type
end

--- Blocks of a message. Names of documents must differ within a request: they are counted in `counts`.
local function blocks_of(message: any, counts: {documents: integer}): {any}
  local blocks = {}
  for _, part in ipairs(message.content or {}) do
    local source = part.source or {}
    if part.type == "text" and part.text ~= "" then
      blocks[#blocks + 1] = {text = part.text}
    elseif part.type == "image" and source.type == "base64" then
      blocks[#blocks + 1] = {
        image = {
          format = format_of(source),
          source = {bytes = source.data}
        },
      }
    elseif part.type == "document" and source.type == "base64" then
      counts.documents = counts.documents + 1
      blocks[#blocks + 1] = {
        document = {
          format = format_of(source),
          name = "document-" .. counts.documents,
          source = {bytes = source.data}
        }
      }
    end
  end
  return blocks
end

local function form_of(): any
  local counts = {documents = 0}
  return {
    content = "content",
    assistant = "assistant",
    blocks = function(message: any): {any} return blocks_of(message, counts) end,
    call = function(call: any): any
      return {
        toolUse = {
          toolUseId = call.id or call.name,
          name = call.name,
          input = shapes.object(call.arguments)
        }
      }
    end,
    result = function(message: any): any
      return {
        toolResult = {
          toolUseId = message.function_call_id or message.name,
          content = {{text = shapes.text_of(message)}},
        }
      }
    end,
  }
end

--- Marks stand behind what they keep.
local function mark(blocks: {any})
  blocks[#blocks + 1] = {cachePoint = {type = "default"}}
end

local function described(name: string, description: any, schema: any): any
  return {toolSpec = {name = name, description = description, inputSchema = {json = schema}}}
end

local function add_tools(body: any, request: any): string?
  local tools, choice, wrong = shapes.tools(request, function(tool: any, schema: any): any
    return described(tool.name, tool.description, schema)
  end)
  -- The interface has no word for none: it is not told of the tools then.
  if tools == nil or choice == "none" then return wrong end
  local chosen: any = {tool = {name = choice}}
  if choice == "any" then
    chosen = {any = shapes.EMPTY_OBJECT}
  elseif choice == "auto" then
    chosen = nil
  end
  body.toolConfig = {tools = tools, toolChoice = chosen}
  return nil
end

local function is_call(block: any): boolean
  return block.toolUse ~= nil
end

local function body_of(request: any): (any, string?)
  local options = request.options or {}
  local system, turns = shapes.turns(request.messages, form_of(), mark)
  local effort = math.min(100, tonumber(options.thinking_effort) or 0)
  local inference: any = {
    maxTokens = math.floor(tonumber(options.max_tokens) or MAX_TOKENS),
    temperature = options.temperature,
    topP = options.top_p,
  }
  local body: any = {
    messages = turns,
    system = #system > 0 and system or nil,
    inferenceConfig = inference
  }
  if effort > 0 and shapes.may_think(request, turns, is_call) then
    local budget = math.max(THINKING_TOKENS_MIN, math.floor(THINKING_TOKENS_MAX * effort / 100))
    body.additionalModelRequestFields = {thinking = {type = "enabled", budget_tokens = budget}}
    inference.maxTokens = inference.maxTokens + budget
    inference.temperature = nil
  end
  return body, add_tools(body, request)
end

local function tokens_of(usage: any): any
  local known = type(usage) == "table" and usage or {}
  return {
    prompt_tokens = known.inputTokens or 0,
    completion_tokens = known.outputTokens or 0,
    total_tokens = known.totalTokens,
    cache_read_tokens = known.cacheReadInputTokens,
    cache_write_tokens = known.cacheWriteInputTokens,
  }
end

local function call_of(used: any): any
  return shapes.call(used.toolUseId, used.name, used.input)
end

--- The answer in the shape of the contracts.
local function answer_of(content: {any}, reason: any, usage: any): any
  local texts, calls, thoughts = {}, {}, {}
  for _, block in ipairs(content) do
    if block.text ~= nil then
      texts[#texts + 1] = block.text
    elseif block.toolUse ~= nil then
      calls[#calls + 1] = call_of(block.toolUse)
    elseif block.reasoningContent ~= nil then
      thoughts[#thoughts + 1] = (block.reasoningContent.reasoningText or {}).text or ""
    end
  end
  local metadata: any = {}
  if #thoughts > 0 then metadata.thinking = table.concat(thoughts) end
  return shapes.answer(
    table.concat(texts),
    calls,
    tokens_of(usage),
    FINISH[reason] or "stop",
    metadata
  )
end

local function path_of(request: any, action: string): string
  return "/model/" .. shapes.escaped(tostring(request.model)) .. "/" .. action
end

--- Puts the events of a stream together to the answer that would have come whole.
local function gathering(writer: any): (any, (headers: any, payload: any) -> any)
  local whole: any = {content = {}}
  local function take(headers: any, event: any): any
    if headers[":message-type"] == "exception" or headers[":message-type"] == "error" then
      local name = tostring(headers[":exception-type"] or headers[":error-code"])
      local message = event.message or headers[":error-message"] or name
      return failures.refusal(EXCEPTIONS[name] or TYPE.SERVER_ERROR, tostring(message), {})
    end
    local kind = headers[":event-type"]
    local at = (tonumber(event.contentBlockIndex) or 0) + 1
    local block = whole.content[at]
    if kind == "contentBlockStart" and (event.start or {}).toolUse ~= nil then
      whole.content[at] = {
        toolUse = {
          toolUseId = event.start.toolUse.toolUseId,
          name = event.start.toolUse.name,
          input = ""
        }
      }
    elseif kind == "contentBlockDelta" then
      local delta = event.delta or {}
      if delta.text ~= nil then
        whole.content[at] = {text = (block ~= nil and block.text or "") .. delta.text}
        writer:text(delta.text)
      elseif delta.toolUse ~= nil and block ~= nil then
        block.toolUse.input = block.toolUse.input .. (delta.toolUse.input or "")
      elseif delta.reasoningContent ~= nil then
        local known = block ~= nil and block.reasoningContent.reasoningText.text or ""
        local text = delta.reasoningContent.text or ""
        whole.content[at] = {reasoningContent = {reasoningText = {text = known .. text}}}
        writer:thinking(text)
      end
    elseif kind == "contentBlockStop" then
      -- A block may be empty; the ones behind it count on.
      whole.content[at] = block or {}
      local used = whole.content[at].toolUse
      if used ~= nil then writer:tool_call(call_of(used)) end
    elseif kind == "messageStop" then
      whole.reason = event.stopReason
    elseif kind == "metadata" then
      whole.usage = event.usage
    end
    return nil
  end
  return whole, take
end

local function streamed(endpoint: any, body: any, request: any): any
  local source, refusal = transport.open(
    endpoint,
    path_of(request, "converse-stream"),
    body,
    request,
    EVENT_STREAM
  )
  if source == nil then return refusal end
  local writer = stream.writer(request.stream)
  local whole, take = gathering(writer)
  local stopped, broken = frames.read(source, take)
  source:close()
  writer:finish()
  if stopped ~= nil then return stopped end
  if broken ~= nil then
    return failures.refusal(TYPE.NETWORK, "the stream broke off: " .. broken)
  end
  if whole.reason == nil then return failures.cut_short() end
  return answer_of(whole.content, whole.reason, whole.usage)
end

local function asked(endpoint: any, body: any, request: any): any
  local response, refusal = transport.post(endpoint, path_of(request, "converse"), body, request)
  if response == nil then return refusal end
  local message = (response.output or {}).message or {}
  return answer_of(message.content or {}, response.stopReason, response.usage)
end

--- Text, or calls of tools.
function M.generate(endpoint: any, request: any): any
  local body, wrong = body_of(request)
  if wrong ~= nil then return failures.invalid(wrong) end
  if request.stream ~= nil then return streamed(endpoint, body, request) end
  return asked(endpoint, body, request)
end

--- Data of a schema: the arguments of a tool that has to be called.
function M.structured_output(endpoint: any, request: any): any
  local options: any = {}
  for key, value in pairs(request.options or {}) do options[key] = value end
  -- Who thinks can't be made to call.
  options.thinking_effort = nil
  local body = body_of({messages = request.messages, model = request.model, options = options})
  body.toolConfig = {
    tools = {described(DATA_TOOL, "Gives the result.", shapes.schema(request.schema))},
    toolChoice = {tool = {name = DATA_TOOL}},
  }
  local answer = asked(endpoint, body, request)
  return answer.success and shapes.with_called_data(answer) or answer
end

--- Whether there are keys; the interface itself has nothing that could be asked for free.
function M.status(endpoint: any): any
  if endpoint.sign ~= nil or endpoint.headers["Authorization"] ~= nil then
    return {
      success = true,
      status = "healthy",
      message = "there are keys; they are tried at the first call"
    }
  end
  return {
    success = false,
    status = "unhealthy",
    message = "no keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK",
  }
end

return M
