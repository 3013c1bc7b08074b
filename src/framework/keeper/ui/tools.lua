--- Tools of keeper over HTTP, for the page: an administrator calls them as who they are.

local funcs = require("funcs")
local http = require("http")
local json = require("json")
local registry = require("registry")

local NAMESPACE = "keeper.tools:"

local M = {}

local function write_error(res: http.Response, status: integer, err: error)
  res:set_status(status)
  res:write_json({success = false, kind = err:kind(), error = err:message()})
end

local function invalid(message: string): error
  return errors.new({kind = errors.INVALID, message = message})
end

--- The tool that a body names, and what it is given.
local function request_of(req: http.Request): (string?, any, error?)
  local body, err = req:body_json()
  if err ~= nil then return nil, nil, invalid("the body is no JSON: " .. err:message()) end
  if type(body) ~= "table" or type(body.tool) ~= "string" then
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
  local req, res = assert(http.request()), assert(http.response())
  res:set_header("Cache-Control", "no-store")
  local actor, refused = admins.asking(req)
  if actor == nil then
    local details = refused ~= nil and refused:details() or nil
    local is_unknown = type(details) == "table" and details.anonymous
    local status = is_unknown and http.STATUS.UNAUTHORIZED or http.STATUS.FORBIDDEN
    return write_error(res, status, refused or invalid("nobody"))
  end
  local id, arguments, err = request_of(req)
  if id == nil then return write_error(res, http.STATUS.BAD_REQUEST, err or invalid("no tool")) end
  local result, failed = funcs.call(id, arguments)
  if failed ~= nil then return write_error(res, http.STATUS.UNPROCESSABLE, failed) end
  res:write_json({success = true, result = result})
end

return M
