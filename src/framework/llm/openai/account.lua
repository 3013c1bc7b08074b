--- Where OpenAI, or who speaks as it does, is reached, and what its two interfaces have in common.

local BASE_URL = "https://api.openai.com/v1"
local TIMEOUT_SECONDS = 600

local M = {}

--- Where requests go; `prefix` begins the names of the variables.
local function endpoint_of(prefix: string): any
  local key = settings.lookup("api_key", prefix .. "_API_KEY", nil)
  local organization = settings.lookup("organization", prefix .. "_ORGANIZATION", nil)
  local headers: any = {}
  if key ~= nil then headers["Authorization"] = "Bearer " .. tostring(key) end
  if organization ~= nil then headers["OpenAI-Organization"] = tostring(organization) end
  return {
    base_url = settings.address("base_url", prefix .. "_BASE_URL", BASE_URL),
    headers = headers,
    timeout = settings.seconds("timeout", prefix .. "_TIMEOUT", TIMEOUT_SECONDS),
  }
end

--- Vectors of texts, in the order in which the texts were given.
local function embed(endpoint: any, request: any): any
  local options = request.options or {}
  local answer, refusal = transport.post(endpoint, "/embeddings", {
    model = request.model,
    input = request.input,
    dimensions = options.dimensions,
    user = options.user,
    encoding_format = "float",
  }, request)
  if answer == nil then return refusal end
  local vectors = {}
  for i, each in ipairs(answer.data or {}) do
    vectors[(tonumber(each.index) or i - 1) + 1] = each.embedding
  end
  local usage = answer.usage or {}
  return {
    success = true,
    result = {embeddings = vectors},
    tokens = {prompt_tokens = usage.prompt_tokens, total_tokens = usage.total_tokens},
    metadata = {model = answer.model},
  }
end

--- The methods of the contracts: vectors and the status by what all interfaces share, the rest by `interface`.
function M.driver(prefix: string, interface: any): any
  return {
    generate = function(request: any): any
      return interface.generate(endpoint_of(prefix), request)
    end,
    structured_output = function(request: any): any
      return interface.structured_output(endpoint_of(prefix), request)
    end,
    embed = function(request: any): any return embed(endpoint_of(prefix), request) end,
    status = function(): any
      return transport.health(transport.get(endpoint_of(prefix), "/models", {timeout = 10}))
    end,
  }
end

return M
