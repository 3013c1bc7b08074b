--- Other values in the place of a global object's fields, put back later.
---
--- A module belongs to all sources of a process: code under test sees the replacement whichever way it got the module, also
--- through a local that it made when it was loaded.

--- One replacement, in one table.
type Replacement = {path: string, target: any, field: string, previous: any}

local namespaces: {[string]: any} = {}
--- In the order they were made.
local replacements: {Replacement} = {}

local M = {}

local function targets_of(object: string): {any}
  if namespaces[object] ~= nil then return {namespaces[object]} end
  return doubles.find(object)
end

local function split(path: any, what: string): (string, string)
  local object, field
  if type(path) == "string" then object, field = path:match("^([^.]+)%.([^.]+)$") end
  if object == nil or field == nil then
    error(what .. ' takes "object.field", got ' .. tostring(path), 3)
  end
  return object, field
end

--- Puts `replacement` in the place of `object.field`.
function M.mock(path: any, ...: any)
  local object, field = split(path, "mock")
  local replacement = (...)
  if select("#", ...) ~= 1 or replacement == nil then
    error('mock takes "object.field" and what comes in its place', 2)
  end
  local targets = targets_of(object)
  if #targets == 0 then
    error(
      "mock: there is no global table " .. object .. "; name others with register_mock_namespace",
      2
    )
  end
  for _, target in ipairs(targets) do
    local previous = doubles.set(target, field, replacement)
    replacements[#replacements + 1] = {
      path = path,
      target = target,
      field = field,
      previous = previous
    }
  end
end

--- The same for a function of `process`.
function M.mock_process(field: any, ...: any)
  if type(field) ~= "string" then
    error("mock_process takes the name of a function of process", 2)
  end
  M.mock("process." .. field, ...)
end

local function undo(replacement: Replacement)
  doubles.set(replacement.target, replacement.field, replacement.previous)
end

--- Puts back what was at `object.field` before the first replacement.
function M.restore_mock(path: any)
  split(path, "restore_mock")
  for i = #replacements, 1, -1 do
    if replacements[i].path == path then undo(table.remove(replacements, i)) end
  end
end

--- The environments of all sources of this process.
function M.environments(): {any}
  return doubles.find("_G")
end

--- How many replacements there are; for `restore_to`.
function M.count(): integer
  return #replacements
end

--- Puts back everything that was replaced after there were `count`.
function M.restore_to(count: integer)
  for i = #replacements, count + 1, -1 do undo(table.remove(replacements, i)) end
end

--- Puts back everything.
function M.restore_all_mocks()
  M.restore_to(0)
end

--- Makes a table that is no global known to `mock` under a name.
function M.register_mock_namespace(target: any, name: any)
  if type(target) ~= "table" or type(name) ~= "string" or name == "" or name:find(".", 1, true) then
    error("register_mock_namespace takes a table and a name without dots", 2)
  end
  namespaces[name] = target
end

return M
