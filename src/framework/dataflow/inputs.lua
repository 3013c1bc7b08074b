--- What a node gets of what came to it, and expressions over that.

local expr = require("expr")

local DEFAULT = "default"

local M = {}

--- The value of an expression.
function M.eval(text: string, env: any): (any, string?)
  local value, err = expr.eval(text, env)
  if err ~= nil then return nil, text .. ": " .. err:message() end
  return value
end

--- What came, by its keys.
function M.by_key(node: graph.Node): any
  local all = {}
  for key, box in pairs(node.arrived) do all[key] = box.value end
  return all
end

local function only_key(node: graph.Node): string?
  if #node.order == 1 then return node.order[1] end
  return nil
end

--- What expressions of a node see: the input of the graph, everything that came, and what came by itself.
function M.env(node: graph.Node, input: any): any
  local only = only_key(node)
  local box = node.arrived[DEFAULT] or (only ~= nil and node.arrived[only]) or nil
  return {input = input, inputs = M.by_key(node), output = box ~= nil and box.value or nil}
end

local function transformed(transform: any, env: any): (any, string?)
  if type(transform) == "string" then return M.eval(transform, env) end
  local all = {}
  for key, text in pairs(transform) do
    local value, wrong = M.eval(text, env)
    if wrong ~= nil then return nil, wrong end
    all[key] = value
  end
  return all
end

--- The input of a node: what its transform makes of what came; else the thing itself when it came alone and without a key, else
--- everything by its keys, over the arguments that the node has anyway.
function M.of(node: graph.Node, input: any): (any, string?)
  local config = node.config
  local value: any, wrong = nil, nil
  if config.input_transform ~= nil then
    value, wrong = transformed(config.input_transform, M.env(node, input))
    if wrong ~= nil then return nil, wrong end
  elseif config.args == nil and only_key(node) == DEFAULT then
    return node.arrived[DEFAULT].value
  else
    value = M.by_key(node)
  end
  if config.args == nil then return value end
  local all = {}
  for key, each in pairs(config.args) do all[key] = each end
  for key, each in pairs(type(value) == "table" and value or {}) do all[key] = each end
  return all
end

return M
