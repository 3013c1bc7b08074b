--- Contents, as the models of Google take and give them, by whichever of its interfaces.

local uuid = require("uuid")

local TYPE = failures.TYPE
--- Thoughts at full effort.
local THINKING_TOKENS_MAX = 24576
local FINISH = {
  STOP = "stop",
  MAX_TOKENS = "length",
  SAFETY = "filtered",
  RECITATION = "filtered",
  BLOCKLIST = "filtered",
  PROHIBITED_CONTENT = "filtered",
  SPII = "filtered",
  MALFORMED_FUNCTION_CALL = "error",
}

--- Models from this version on want calls in the conversation signed. Messages don't hold signatures: this stands for one.
local SIGNED_VERSION = 3
local ANY_SIGNATURE = "skip_thought_signature_validator"

local M = {}

local function wants_signatures(model: any): boolean
  local version = tonumber(tostring(model):match("gemini%-(%d+)"))
  return version ~= nil and version >= SIGNED_VERSION
end

local function parts_of(message: any): {any}
  local parts = {}
  for _, part in ipairs(message.content or {}) do
    local source = part.source or {}
    if part.type == "text" and part.text ~= "" then
      parts[#parts + 1] = {text = part.text}
    elseif source.type == "base64" then
      parts[#parts + 1] = {inlineData = {mimeType = source.mime_type, data = source.data}}
    elseif source.type == "url" then
      parts[#parts + 1] = {fileData = {mimeType = source.mime_type, fileUri = source.url}}
    end
  end
  return parts
end

--- Signs the first call of each turn, as it has to be.
local function sign(turns: {any})
  for _, turn in ipairs(turns) do
    for _, part in ipairs(turn.parts) do
      if part.functionCall ~= nil then
        part.thoughtSignature = ANY_SIGNATURE
        break
      end
    end
  end
end

local FORM = {
  content = "parts",
  assistant = "model",
  blocks = parts_of,
  call = function(call: any): any
    return {functionCall = {name = call.name, args = shapes.object(call.arguments)}}
  end,
  result = function(message: any): any
    return {
      functionResponse = {name = message.name, response = {result = shapes.text_of(message)}}
    }
  end,
}

local function add_tools(body: any, request: any): string?
  local tools, choice, wrong = shapes.tools(request, function(tool: any, schema: any): any
    return {name = tool.name, description = tool.description, parametersJsonSchema = schema}
  end)
  if tools == nil then return wrong end
  body.tools = {{functionDeclarations = tools}}
  local config: any = {mode = "ANY"}
  if choice == "auto" or choice == "none" then
    config.mode = choice:upper()
  elseif choice ~= "any" then
    config.allowedFunctionNames = {choice}
  end
  body.toolConfig = {functionCallingConfig = config}
  return nil
end

local function body_of(request: any): (any, string?)
  local options = request.options or {}
  local system, turns = shapes.turns(request.messages, FORM)
  if wants_signatures(request.model) then sign(turns) end
  local effort = math.min(100, tonumber(options.thinking_effort) or 0)
  local body: any = {
    contents = turns,
    systemInstruction = #system > 0 and {parts = system} or nil,
    generationConfig = {
      temperature = options.temperature,
      topP = options.top_p,
      topK = options.top_k,
      maxOutputTokens = options.max_tokens,
      thinkingConfig = effort > 0 and {
            thinkingBudget = math.floor(THINKING_TOKENS_MAX * effort / 100),
            includeThoughts = true,
          } or nil,
    },
  }
  if next(body.generationConfig) == nil then body.generationConfig = nil end
  return body, add_tools(body, request)
end

local function tokens_of(usage: any): any
  local known = type(usage) == "table" and usage or {}
  return {
    prompt_tokens = known.promptTokenCount or 0,
    completion_tokens = known.candidatesTokenCount or 0,
    thinking_tokens = known.thoughtsTokenCount or 0,
    total_tokens = known.totalTokenCount,
    cache_read_tokens = known.cachedContentTokenCount,
  }
end

--- What has come so far of an answer, from one response or from the pieces of a stream.
local function gathering(writer: any): (any, (any) -> any)
  local whole: any = {calls = {}}
  local function take(response: any): any
    if response.error ~= nil then return transport.told(response.error) end
    local blocked = (response.promptFeedback or {}).blockReason
    if blocked ~= nil then
      return failures.refusal(
        TYPE.CONTENT_FILTER,
        "the prompt was refused: " .. tostring(blocked),
        {}
      )
    end
    whole.usage = response.usageMetadata or whole.usage
    whole.model = response.modelVersion or whole.model
    whole.id = response.responseId or whole.id
    local candidate = (response.candidates or {})[1]
    if candidate == nil then return nil end
    whole.reason = candidate.finishReason or whole.reason
    for _, part in ipairs((candidate.content or {}).parts or {}) do
      local call = part.functionCall
      if call ~= nil then
        local made = shapes.call(call.id or call.name .. "_" .. uuid.v4(), call.name, call.args)
        whole.calls[#whole.calls + 1] = made
        writer:tool_call(made)
      elseif part.thought then
        writer:thinking(part.text)
      else
        writer:text(part.text)
      end
    end
    return nil
  end
  return whole, take
end

--- The answer in the shape of the contracts.
local function answer_of(whole: any, content: string): any
  local finish = FINISH[whole.reason] or "stop"
  if #whole.calls > 0 then finish = "tool_call" end
  local metadata = {id = whole.id, model = whole.model}
  return shapes.answer(content, whole.calls, tokens_of(whole.usage), finish, metadata)
end

local function ask(endpoint: any, body: any, request: any): any
  local path = "/models/" .. tostring(request.model)
  local writer = stream.writer(request.stream)
  local whole, take = gathering(writer)
  local refusal
  if request.stream ~= nil then
    refusal = transport.events(
      endpoint,
      path .. ":streamGenerateContent?alt=sse",
      body,
      request,
      take
    )
  else
    local response
    response, refusal = transport.post(endpoint, path .. ":generateContent", body, request)
    if response ~= nil then refusal = take(response) end
  end
  local content = writer:finish()
  if refusal ~= nil then return refusal end
  if whole.reason == nil then
    return failures.refusal(TYPE.NETWORK, "the provider gave no whole answer", {})
  end
  return answer_of(whole, content)
end

--- Text, or calls of tools.
function M.generate(endpoint: any, request: any): any
  local body, wrong = body_of(request)
  if wrong ~= nil then return failures.invalid(wrong) end
  return ask(endpoint, body, request)
end

--- Data of a schema.
function M.structured_output(endpoint: any, request: any): any
  local body = body_of(request)
  body.generationConfig = body.generationConfig or {}
  body.generationConfig.responseMimeType = "application/json"
  body.generationConfig.responseJsonSchema = shapes.schema(request.schema)
  return shapes.with_data(ask(endpoint, body, request))
end

return M
