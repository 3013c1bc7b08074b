--- Requests to providers: JSON there, JSON or a stream of events back.
---
--- TR1. What may go well the next time is tried again, as often as the caller allows, with pauses that double.
--- TR2. Every try is signed for itself: signatures last for minutes.
--- TR3. A stream that has begun is never begun anew: part of it was passed on.

local http_client = require("http_client")
local json = require("json")
local time = require("time")

local ATTEMPTS_MAX = 10
local BACKOFF_MS = 500
local BACKOFF_MS_MAX = 60000
local REFUSAL_BYTES_MAX = 64 * 1024
local TRIED_AGAIN = {[0] = true, [408] = true, [409] = true, [425] = true, [429] = true}
local TYPE = failures.TYPE

--- Further headers of a request, which sign it.
type Sign = (method: string, url: string, body: string) -> {[string]: string}
--- Where a provider is, and what every request to it carries; `timeout` in seconds.
type Endpoint = {
  base_url: string,
  headers: {[string]: string},
  timeout: number,
  sign: Sign?
}
--- How often, and how long apart.
type Retry = {attempts: number?, backoff_ms: number?}
--- What the caller of a model wants of the transport.
type Wishes = {timeout: number?, retry: Retry?}

local M = {}

local function is_tried_again(status: integer): boolean
  return TRIED_AGAIN[status] == true or status >= 500
end

--- The message that providers put into the body of a refusal.
local function message_of(body: string): (string, any)
  local decoded = json.decode(body)
  if type(decoded) ~= "table" then return body, nil end
  local inner = decoded.error or decoded
  if type(inner) == "table" and type(inner[1]) == "table" then
    inner = inner[1].error or inner[1]
  end
  if type(inner) ~= "table" then return tostring(inner), nil end
  return tostring(inner.message or body), inner.code or inner.type or inner.status
end

local function type_of(status: integer, message: string, code: any): string
  local words = (message .. " " .. tostring(code or "")):lower()
  if words:find("context_length", 1, true)
    or words:find("context length", 1, true)
    or words:find("prompt is too long", 1, true) then
    return TYPE.CONTEXT_LENGTH
  end
  if words:find("content_filter", 1, true) or words:find("content_policy", 1, true) then
    return TYPE.CONTENT_FILTER
  end
  if status == 401 or status == 403 then return TYPE.AUTHENTICATION end
  if status == 404 then return TYPE.MODEL_ERROR end
  if status == 408 then return TYPE.TIMEOUT end
  if status == 429 then return TYPE.RATE_LIMIT end
  if status >= 500 then return TYPE.SERVER_ERROR end
  return TYPE.INVALID_REQUEST
end

--- The text of a stream, as far as a refusal needs it.
local function text_of(source: stream.Stream): string
  local text = ""
  while #text < REFUSAL_BYTES_MAX do
    local piece = source:read()
    if piece == nil then break end
    text = text .. piece
  end
  return text
end

--- What a provider answered in place of an answer.
local function refusal_of(response: http_client.Response): any
  local body = response.body
  if response.stream ~= nil then
    body = text_of(response.stream)
    response.stream:close()
  end
  local message, code = message_of(body)
  if message == "" then message = "the provider answered " .. response.status_code end
  return failures.refusal(type_of(response.status_code, message, code), message, {
    status_code = response.status_code
  })
end

local function failure_of(err: any): any
  local failure_type = TYPE.NETWORK
  if err:kind() == errors.TIMEOUT then failure_type = TYPE.TIMEOUT end
  if err:kind() == errors.PERMISSION_DENIED then failure_type = TYPE.AUTHENTICATION end
  return failures.refusal(failure_type, err:message(), {})
end

--- One request; the response, or the refusal with its status (0 when nobody answered).
local function send(method: string, url: string, options: any): (any, any, integer)
  local response, err = http_client.request(method, url, options)
  if err ~= nil then
    return nil, failure_of(err), err:kind() == errors.PERMISSION_DENIED and -1 or 0
  end
  if response.status_code >= 200 and response.status_code < 300 then
    return response, nil, response.status_code
  end
  return nil, refusal_of(response), response.status_code
end

local function insist(method: string, url: string, options: any, retry: Retry, sign: Sign?): (
  any,
  any
)
  local attempts = math.min(ATTEMPTS_MAX, math.max(1, math.floor(tonumber(retry.attempts) or 1)))
  local backoff_ms = math.max(1, tonumber(retry.backoff_ms) or BACKOFF_MS)
  for attempt = 1, attempts do
    if sign ~= nil then
      for name, value in pairs(sign(method, url, options.body or "")) do
        options.headers[name] = value
      end
    end
    local response, refusal, status = send(method, url, options)
    if response ~= nil then return response end
    if attempt == attempts or not is_tried_again(status) then return nil, refusal end
    assert(
      time.after(math.floor(math.min(backoff_ms, BACKOFF_MS_MAX)) * time.MILLISECOND)
    ):receive()
    backoff_ms = backoff_ms * 2
  end
  return nil, nil
end

local function request(
  method: string,
  endpoint: Endpoint,
  path: string,
  body: any,
  wishes: Wishes,
  accepted: string?
): (any, any)
  local url = endpoint.base_url .. path
  local headers = {["Content-Type"] = "application/json"}
  for name, value in pairs(endpoint.headers) do headers[name] = value end
  if accepted ~= nil then headers["Accept"] = accepted end
  return insist(method, url, {
    headers = headers,
    body = body ~= nil and assert(json.encode(body)) or nil,
    timeout = tonumber(wishes.timeout) or endpoint.timeout,
    stream = accepted ~= nil,
  }, wishes.retry or {}, endpoint.sign)
end

local function decoded(response: any): (any, any)
  local answer, err = json.decode(response.body)
  if err ~= nil or type(answer) ~= "table" then
    return nil, failures.refusal(TYPE.SERVER_ERROR, "the provider's answer is no JSON", {})
  end
  return answer
end

--- Sends JSON; the JSON that comes back, or a refusal.
function M.post(endpoint: Endpoint, path: string, body: any, wishes: Wishes): (any, any)
  local response, refusal = request("POST", endpoint, path, body, wishes, nil)
  if response == nil then return nil, refusal end
  return decoded(response)
end

--- Asks for JSON.
function M.get(endpoint: Endpoint, path: string, wishes: Wishes): (any, any)
  local response, refusal = request("GET", endpoint, path, nil, wishes, nil)
  if response == nil then return nil, refusal end
  return decoded(response)
end

--- What a provider says of itself, by what came back to a question: an answer, or a refusal.
function M.health(answer: any, refusal: any): any
  if answer ~= nil then
    return {success = true, status = "healthy", message = "the provider answers"}
  end
  local is_busy = refusal.error == TYPE.RATE_LIMIT or refusal.error == TYPE.SERVER_ERROR
  return {
    success = is_busy,
    status = is_busy and "degraded" or "unhealthy",
    message = refusal.error_message
  }
end

--- Sends JSON and gives each event that comes back to `take`, which returns a refusal to end it; returns the refusal, if any.
function M.events(
  endpoint: Endpoint,
  path: string,
  body: any,
  wishes: Wishes,
  take: (any) -> any
): any
  local response, refusal = request("POST", endpoint, path, body, wishes, "text/event-stream")
  if response == nil then return refusal end
  local lines = assert(response.stream:scanner("lines"))
  local stopped
  while stopped == nil and lines:scan() do
    local data = lines:text():match("^data:%s*(.*)$")
    if data ~= nil and data ~= "" and data ~= "[DONE]" then
      local event = json.decode(data)
      if type(event) == "table" then stopped = take(event) end
    end
  end
  local broken = lines:err()
  response.stream:close()
  if stopped == nil and broken ~= nil then
    return failures.refusal(TYPE.NETWORK, "the stream broke off: " .. broken, {})
  end
  return stopped
end

--- Sends JSON; the stream that comes back, of whatever kind, or a refusal.
function M.open(endpoint: Endpoint, path: string, body: any, wishes: Wishes, accepted: string): (
  any,
  any
)
  local response, refusal = request("POST", endpoint, path, body, wishes, accepted)
  if response == nil then return nil, refusal end
  return response.stream
end

--- The refusal that an event of a stream tells of.
function M.told(failure: any): any
  local message = type(failure) == "table" and tostring(failure.message or "the provider failed")
    or tostring(failure)
  local code = type(failure) == "table" and (failure.code or failure.type) or nil
  local words = tostring(code or ""):lower()
  if words:find("rate_limit", 1, true) then
    return failures.refusal(TYPE.RATE_LIMIT, message, {})
  end
  if words:find("overloaded", 1, true)
    or words:find("server", 1, true)
    or words:find("api_error", 1, true) then
    return failures.refusal(TYPE.SERVER_ERROR, message, {})
  end
  return failures.refusal(type_of(400, message, code), message, {})
end

return M
