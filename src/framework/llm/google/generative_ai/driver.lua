--- The methods of the contracts, for the Generative Language interface of Google.

local BASE_URL = "https://generativelanguage.googleapis.com/v1beta"
local TIMEOUT_SECONDS = 600

local function endpoint(): any
  local headers: any = {}
  local key = settings.lookup("api_key", "GEMINI_API_KEY", nil)
  if key ~= nil then headers["x-goog-api-key"] = tostring(key) end
  return {
    base_url = settings.address("base_url", "GEMINI_BASE_URL", BASE_URL),
    headers = headers,
    timeout = settings.seconds("timeout", "GEMINI_TIMEOUT", TIMEOUT_SECONDS),
  }
end

local M = {}

function M.generate(request: any): any
  return contents.generate(endpoint(), request)
end

function M.structured_output(request: any): any
  return contents.structured_output(endpoint(), request)
end

--- Vectors of texts, in the order in which the texts were given.
function M.embed(request: any): any
  local inputs = type(request.input) == "table" and request.input or {request.input}
  local model = "models/" .. tostring(request.model)
  local asked = {}
  for i, text in ipairs(inputs) do
    asked[i] = {
      model = model,
      content = {parts = {{text = text}}},
      outputDimensionality = (request.options or {}).dimensions,
    }
  end
  local answer, refusal = transport.post(
    endpoint(),
    "/" .. model .. ":batchEmbedContents",
    {requests = asked},
    request
  )
  if answer == nil then return refusal end
  local vectors = {}
  for i, each in ipairs(answer.embeddings or {}) do vectors[i] = each.values end
  return {
    success = true,
    result = {embeddings = vectors},
    tokens = {},
    metadata = {model = request.model}
  }
end

--- Whether the provider answers, and takes the key.
function M.status(): any
  return transport.health(transport.get(endpoint(), "/models", {timeout = 10}))
end

return M
