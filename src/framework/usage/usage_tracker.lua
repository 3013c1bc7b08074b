--- Writes down what a call of a model has used.

local ctx = require("ctx")
local security = require("security")

--- Who calls when nobody does.
local SYSTEM = "system"

--- What belongs to a record beside its figures; `timestamp` in Unix seconds.
type Options = {context_id: string?, timestamp: number?, metadata: any}

--- Adds a record; its id.
local function track_usage(
  model_id: string,
  prompt_tokens: number,
  completion_tokens: number,
  thinking_tokens: number?,
  cache_read_tokens: number?,
  cache_write_tokens: number?,
  options: Options?
): (string?, any)
  local given: any = options or {}
  local actor = security.actor()
  local context_id = given.context_id
  if context_id == nil then context_id = ctx.get("context_id") end
  return usage.create(
    actor ~= nil and actor:id() or SYSTEM,
    model_id,
    prompt_tokens,
    completion_tokens,
    {
      thinking_tokens = thinking_tokens,
      cache_read_tokens = cache_read_tokens,
      cache_write_tokens = cache_write_tokens,
      context_id = context_id,
      timestamp = given.timestamp,
      metadata = given.metadata,
    }
  )
end

return {track_usage = track_usage}
