--- Language models: text, data of a schema, vectors, and which models there are.
---
--- ```lua
--- local llm = require("llm")
---
--- local response, err = llm.generate("What is Lua?", {model = "fast"})
--- ```
---
--- LM1. A model is found by its name, then by its class; its first provider answers.
--- LM2. What the model entry says goes to the provider, and what the caller says goes over it.
--- LM3. A mistake of the caller is a text; what the provider could not do is an error with a kind, which says whether to try again.
--- LM4. A stream ends with `done`, or with `error`, before the call returns.

local contract = require("contract")
local json = require("json")
local security = require("security")

--- Contracts by their methods.
local CONTRACTS = {
  generate = "wippy.llm:generator",
  structured_output = "wippy.llm:structured_output",
  embed = "wippy.llm:embedder",
  status = "wippy.llm:provider",
}
local TRACKER = "wippy.llm:usage_tracker"
local RESOLVER = "wippy.llm:model_resolver"
local CLASS_PREFIX = "class:"
local TOPIC = "llm_response"

--- Options that are no options of the model.
local LIFTED = {
  model = true,
  provider_id = true,
  tools = true,
  tool_choice = true,
  stream = true,
  timeout = true,
  retry = true,
}

--- Where a call goes.
type Route = {provider_id: string, model: string, options: any, card: any}

local M = {
  ERROR_TYPE = {
    INVALID_REQUEST = failures.TYPE.INVALID_REQUEST,
    AUTHENTICATION = failures.TYPE.AUTHENTICATION,
    RATE_LIMIT = failures.TYPE.RATE_LIMIT,
    SERVER_ERROR = failures.TYPE.SERVER_ERROR,
    CONTEXT_LENGTH = failures.TYPE.CONTEXT_LENGTH,
    CONTENT_FILTER = failures.TYPE.CONTENT_FILTER,
    TIMEOUT = failures.TYPE.TIMEOUT,
    MODEL_ERROR = failures.TYPE.MODEL_ERROR,
  },
  FINISH_REASON = {
    STOP = "stop",
    LENGTH = "length",
    CONTENT_FILTER = "filtered",
    TOOL_CALL = "tool_call",
    ERROR = "error",
  },
  CAPABILITY = {
    GENERATE = "generate",
    TOOL_USE = "tool_use",
    STRUCTURED_OUTPUT = "structured_output",
    EMBED = "embed",
    THINKING = "thinking",
    VISION = "vision",
    CACHING = "caching",
  },
}

local function is_messages(value: any): boolean
  if type(value) ~= "table" or #value == 0 then return false end
  for _, message in ipairs(value) do
    if type(message) ~= "table" or type(message.role) ~= "string" then return false end
  end
  return true
end

--- A message whose content is a list of parts.
local function with_parts(message: any): any
  if type(message.content) ~= "string" then return message end
  local made = {}
  for key, value in pairs(message) do made[key] = value end
  made.content = {{type = "text", text = message.content}}
  return made
end

--- The messages of whatever a caller gives.
local function messages_of(prompt: any): (any, string?)
  local found = prompt
  if type(prompt) == "string" then
    found = {{role = "user", content = prompt}}
  elseif type(prompt) == "table" and type(prompt.get_messages) == "function" then
    found = prompt:get_messages()
  elseif type(prompt) == "table" and prompt.messages ~= nil then
    found = prompt.messages
  end
  if not is_messages(found) then return nil, "Invalid prompt input format" end
  local messages = {}
  for i, message in ipairs(found) do messages[i] = with_parts(message) end
  return messages
end

--- A binding of a contract that an application has made the default; nil when it has none.
local function default_of(id: string): any
  local found = contract.get(id)
  if found == nil then return nil end
  local instance = found:open()
  return instance
end

--- The card of a model, or why there is none.
local function card_of(model: string): (any, any)
  local resolver = default_of(RESOLVER)
  if resolver ~= nil then
    local card, err = resolver:resolve({model = model})
    if err ~= nil then return nil, err end
    if type(card) == "table" then return card end
  end
  if model:sub(1, #CLASS_PREFIX) == CLASS_PREFIX then
    local class = model:sub(#CLASS_PREFIX + 1)
    local cards, err = models.get_by_class(class)
    if cards == nil then return nil, err end
    if #cards == 0 then return nil, "No models found for class: " .. class end
    return cards[1]
  end
  local card, err = models.get_by_name(model)
  if card ~= nil or err ~= nil then return card, err end
  local cards, unknown = models.get_by_class(model)
  if cards == nil then return nil, unknown end
  if #cards == 0 then return nil, "Model or class not found: " .. model end
  return cards[1]
end

--- Where a call goes; with a `provider_id` the model is the provider's own name for it.
local function route_of(options: any): (Route?, any)
  if type(options.model) ~= "string" or options.model == "" then
    return nil, "Model is required in options"
  end
  if options.provider_id ~= nil then
    return {
      provider_id = tostring(options.provider_id),
      model = options.model,
      options = {},
      card = nil
    }
  end
  local card, err = card_of(options.model)
  if card == nil then return nil, err end
  local first = type(card.providers) == "table" and card.providers[1] or nil
  if first == nil then return nil, "Model has no configured providers: " .. options.model end
  return {
    provider_id = tostring(first.id),
    model = tostring(first.provider_model or card.name),
    options = first.options or {},
    card = card,
  }
end

--- Options of a call: those of the model, those of the caller over them, and who calls.
local function options_of(route: Route, given: any): any
  local options = {}
  for _, each in ipairs({route.options, given}) do
    for key, value in pairs(each) do
      if not LIFTED[key] then options[key] = value end
    end
  end
  local actor = security.actor()
  if actor ~= nil and options.user == nil then options.user = actor:id() end
  return options
end

local function open(route: Route): (any, any)
  local instance, err = providers.open(route.provider_id, route.options)
  if instance ~= nil then return instance end
  return nil, errors.new({
      kind = err ~= nil and err:kind() or errors.UNAVAILABLE,
      message = "Failed to open provider: " .. (err ~= nil and err:message() or route.provider_id),
      details = {type = failures.TYPE.MODEL_ERROR},
    })
end

--- Calls a method of a provider; what it could not do is an error.
local function ask(instance: any, method: string, request: any): (any, any)
  if not contract.is(instance, CONTRACTS[method]) then
    return nil, failures.error_of(failures.TYPE.INVALID_REQUEST, "the provider has no " .. method)
  end
  local answer, err = instance[method](instance, request)
  if err ~= nil then return nil, err end
  if type(answer) ~= "table" then
    return nil, failures.error_of(failures.TYPE.SERVER_ERROR, "the provider gave no answer")
  end
  if answer.success == false then
    return nil, failures.error_of(answer.error, answer.error_message)
  end
  return answer
end

local function number(value: any): number
  return tonumber(value) or 0
end

--- Figures of a provider, with those that every caller may rely on.
local function tokens_of(answer: any): any
  local tokens = {}
  for key, value in pairs(type(answer.tokens) == "table" and answer.tokens or {}) do
    tokens[key] = value
  end
  tokens.prompt_tokens = number(tokens.prompt_tokens)
  tokens.completion_tokens = number(tokens.completion_tokens)
  tokens.thinking_tokens = number(tokens.thinking_tokens)
  if tokens.total_tokens == nil then
    tokens.total_tokens = tokens.prompt_tokens + tokens.completion_tokens + tokens.thinking_tokens
  end
  return tokens
end

--- Tells the tracker of the application, if it has one; a tracker that fails fails no call.
local function track(model: string, tokens: any, metadata: any): any
  local tracker = default_of(TRACKER)
  if tracker == nil then return nil end
  local id,
    err = tracker:track_usage(
    model,
    tokens.prompt_tokens,
    tokens.completion_tokens,
    tokens.thinking_tokens,
    number(tokens.cache_read_tokens or tokens.cache_read_input_tokens),
    number(tokens.cache_write_tokens or tokens.cache_creation_input_tokens),
    {metadata = metadata}
  )
  if err ~= nil or id == nil then return nil end
  return {usage_id = type(id) == "table" and id.usage_id or id}
end

local function response_of(answer: any, result: any, model: string): any
  local tokens = tokens_of(answer)
  local metadata = type(answer.metadata) == "table" and answer.metadata or {}
  return {
    result = result,
    tokens = tokens,
    finish_reason = answer.finish_reason,
    metadata = metadata,
    usage_record = track(model, tokens, metadata),
  }
end

--- A call of the models: `fields_of` gives what the method wants beside what all of them do, or says what is wrong.
local function call(method: string, given: any, fields_of: (route: Route) -> (any, any)): (
  any,
  any,
  any
)
  local route, err = route_of(given)
  if route == nil then return nil, err end
  local fields, wrong = fields_of(route)
  if fields == nil then return nil, wrong end
  local instance, refused = open(route)
  if instance == nil then return nil, refused end
  local request = {
    model = route.model,
    options = options_of(route, given),
    timeout = given.timeout or route.options.timeout,
    retry = given.retry or route.options.retry,
  }
  for key, value in pairs(fields) do request[key] = value end
  local answer, failed = ask(instance, method, request)
  return answer, failed, route
end

--- A call with a conversation.
local function converse(method: string, prompt: any, given: any, schema: any): (any, any, any)
  return call(method, given, function(): (any, any)
    local messages, wrong = messages_of(prompt)
    if messages == nil then return nil, wrong end
    return {
      messages = messages,
      schema = schema,
      tools = given.tools,
      tool_choice = given.tool_choice,
      stream = given.stream,
    }
  end)
end

local function tell_end(stream: any, response: any, err: any)
  if type(stream) ~= "table" or type(stream.reply_to) ~= "string" then return end
  local chunk
  if response ~= nil then
    chunk = {
      type = "done",
      meta = {finish_reason = response.finish_reason, tokens = response.tokens}
    }
  else
    chunk = {type = "error", error = {message = tostring(err), type = failures.type_of(err)}}
  end
  process.send(stream.reply_to, stream.topic or TOPIC, chunk)
end

--- Text for a prompt: a text, a conversation, a list of messages, or a table with such a list as `messages`.
function M.generate(prompt: any, options: any): (any, any)
  local given = options or {}
  local answer, err, route = converse("generate", prompt, given, nil)
  local response
  if answer ~= nil then
    local result = type(answer.result) == "table" and answer.result or {content = answer.result}
    response = response_of(answer, result.content, route.model)
    response.tool_calls = result.tool_calls or {}
  end
  tell_end(given.stream, response, err)
  return response, err
end

--- Data that fits a JSON schema.
function M.structured_output(schema: any, prompt: any, options: any): (any, any)
  if type(schema) ~= "table" then return nil, "Schema is required" end
  local answer, err, route = converse("structured_output", prompt, options or {}, schema)
  if answer == nil then return nil, err end
  local result = type(answer.result) == "table" and answer.result or {}
  local data = result.data
  if type(data) == "string" then data = json.decode(data) end
  if data == nil then
    return nil, failures.error_of(failures.TYPE.SERVER_ERROR, "the provider gave no data")
  end
  return response_of(answer, data, route.model)
end

--- Vectors of texts: of one text a vector, of a list a list of vectors.
function M.embed(input: any, options: any): (any, any)
  local given = options or {}
  local is_one = type(input) == "string"
  if not is_one and (type(input) ~= "table" or #input == 0) then
    return nil, "Input is required: a text or a list of texts"
  end
  local answer, err, route = call("embed", given, function(to: Route): (any, any)
    local sent = options_of(to, given)
    if sent.dimensions == nil and to.card ~= nil then sent.dimensions = to.card.dimensions end
    return {input = input, options = sent}
  end)
  if answer == nil then return nil, err end
  local vectors = type(answer.result) == "table" and answer.result.embeddings or nil
  if type(vectors) ~= "table" then
    return nil, failures.error_of(failures.TYPE.SERVER_ERROR, "the provider gave no vectors")
  end
  return response_of(answer, is_one and vectors[1] or vectors, route.model)
end

--- What a provider says of itself.
function M.status(options: any): (any, any)
  local route, err = route_of(options or {})
  if route == nil then return nil, err end
  local instance, refused = open(route)
  if instance == nil then return nil, refused end
  if not contract.is(instance, CONTRACTS.status) then
    return nil, failures.error_of(failures.TYPE.INVALID_REQUEST, "the provider has no status")
  end
  return instance:status()
end

--- Models, by name; with a capability those that have it.
function M.available_models(capability: string?): (any, any)
  return models.with_capability(capability)
end

--- Classes of models that are described, by name.
function M.get_classes(): (any, any)
  return models.get_all_classes()
end

return M
