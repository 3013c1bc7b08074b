--- What can go wrong with a provider, and which kind of error that is.

local M = {
  TYPE = {
    INVALID_REQUEST = "invalid_request",
    AUTHENTICATION = "authentication_error",
    RATE_LIMIT = "rate_limit_exceeded",
    SERVER_ERROR = "server_error",
    CONTEXT_LENGTH = "context_length_exceeded",
    CONTENT_FILTER = "content_filter",
    TIMEOUT = "timeout_error",
    MODEL_ERROR = "model_error",
    NETWORK = "network_error",
  },
}

--- Kinds by type; what can be tried again is marked.
local KINDS = {
  invalid_request = {kind = errors.INVALID, retryable = false},
  context_length_exceeded = {kind = errors.INVALID, retryable = false},
  content_filter = {kind = errors.INVALID, retryable = false},
  content_filtered = {kind = errors.INVALID, retryable = false},
  authentication_error = {kind = errors.PERMISSION_DENIED, retryable = false},
  model_error = {kind = errors.NOT_FOUND, retryable = false},
  rate_limit_exceeded = {kind = errors.RATE_LIMITED, retryable = true},
  server_error = {kind = errors.UNAVAILABLE, retryable = true},
  network_error = {kind = errors.UNAVAILABLE, retryable = true},
  timeout_error = {kind = errors.TIMEOUT, retryable = true},
}

--- An error for a type; one that is not known is a mistake of the provider.
function M.error_of(failure_type: any, message: any): error
  local known = KINDS[failure_type] or {kind = errors.INTERNAL, retryable = false}
  return errors.new({
    kind = known.kind,
    message = tostring(message or failure_type or "the provider failed"),
    retryable = known.retryable,
    details = {type = tostring(failure_type or "unknown")},
  })
end

--- The type of an error that `error_of` made; of any other the one that fits its kind.
function M.type_of(failure: any): string
  if type(failure) == "string" then return M.TYPE.INVALID_REQUEST end
  local details = failure:details()
  if type(details) == "table" and type(details.type) == "string" then return details.type end
  local kind = failure:kind()
  if kind == errors.TIMEOUT then return M.TYPE.TIMEOUT end
  if kind == errors.PERMISSION_DENIED then return M.TYPE.AUTHENTICATION end
  if kind == errors.RATE_LIMITED then return M.TYPE.RATE_LIMIT end
  if kind == errors.INVALID then return M.TYPE.INVALID_REQUEST end
  return M.TYPE.SERVER_ERROR
end

--- What a provider answers when it can't: the shape of the contracts.
function M.refusal(failure_type: string, message: string, metadata: any): any
  return {success = false, error = failure_type, error_message = message, metadata = metadata or {}}
end

--- The refusal of a request that is wrong in itself.
function M.invalid(message: string): any
  return M.refusal(M.TYPE.INVALID_REQUEST, message)
end

--- The refusal in place of an answer that ended before its end.
function M.cut_short(): any
  return M.refusal(M.TYPE.NETWORK, "the stream ended before the answer")
end

return M
