--- Tools of keeper over HTTP, for the page: an administrator calls them as who they are.

local funcs = require("funcs")
local json = require("json")
local registry = require("registry")

local NAMESPACE = "keeper.tools:"

local M = {}

local function invalid(message: string): error
  return errors.new({kind = errors.INVALID, message = message})
end

--- The tool that a body names, and what it is given.
local function request_of(req: http.Request): (string?, any, error?)
  local body, unreadable = answers.body_of(req)
  if unreadable ~= nil then return nil, nil, unreadable end
  if type(body.tool) ~= "string" then
    return nil, nil, invalid("tool: the name of a tool is expected")
  end
  local arguments = body.arguments
  if arguments == nil then arguments = json.decode("{}") end
  local entry = registry.get(NAMESPACE .. body.tool)
  if entry == nil or entry.meta.type ~= "tool" then
    return nil, nil, invalid("tool: there is no " .. body.tool)
  end
  local fits, misfit = json.validate(entry.meta.input_schema, arguments)
  if not fits then
    return nil, nil, invalid("arguments: " .. (misfit ~= nil and misfit:message() or "wrong"))
  end
  return entry.id, arguments
end

--- `POST /keeper/tools/call`: `{tool, arguments}` gives `{success, result}`.
function M.call()
  answers.for_admin(function(req: http.Request): (any, error?)
    local id, arguments, err = request_of(req)
    if id == nil then return nil, err end
    local result, failed = funcs.call(id, arguments)
    if failed ~= nil then return nil, failed end
    return {result = result}
  end)
end

return M
