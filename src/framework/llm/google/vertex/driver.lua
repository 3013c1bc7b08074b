--- The methods of the contracts, for the models of Google in a project of its cloud.

--- A model that is asked for by the status alone.
local ANY_MODEL = "gemini-2.0-flash"

local M = {}

function M.generate(request: any): any
  local endpoint, refusal = account.endpoint()
  return endpoint ~= nil and contents.generate(endpoint, request) or refusal
end

function M.structured_output(request: any): any
  local endpoint, refusal = account.endpoint()
  return endpoint ~= nil and contents.structured_output(endpoint, request) or refusal
end

--- Vectors of texts, in the order in which the texts were given.
function M.embed(request: any): any
  local endpoint, unreachable = account.endpoint()
  if endpoint == nil then return unreachable end
  local inputs = type(request.input) == "table" and request.input or {request.input}
  local instances = {}
  for i, text in ipairs(inputs) do instances[i] = {content = text} end
  local dimensions = (request.options or {}).dimensions
  local answer, refusal = transport.post(
    endpoint,
    "/models/" .. tostring(request.model) .. ":predict",
    {
      instances = instances,
      parameters = dimensions ~= nil and {outputDimensionality = dimensions} or nil,
    },
    request
  )
  if answer == nil then return refusal end
  local vectors, tokens = {}, 0
  for i, each in ipairs(answer.predictions or {}) do
    local embeddings = each.embeddings or {}
    vectors[i] = embeddings.values
    tokens = tokens + (tonumber((embeddings.statistics or {}).token_count) or 0)
  end
  return {
    success = true,
    result = {embeddings = vectors},
    tokens = {prompt_tokens = tokens},
    metadata = {model = request.model},
  }
end

--- Whether the project answers, and takes the token.
function M.status(): any
  local endpoint, unreachable = account.endpoint()
  if endpoint == nil then return transport.health(nil, unreachable) end
  local question = {contents = {{role = "user", parts = {{text = "?"}}}}}
  return transport.health(
    transport.post(endpoint, "/models/" .. ANY_MODEL .. ":countTokens", question, {timeout = 10})
  )
end

return M
