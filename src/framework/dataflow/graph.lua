--- A graph as the engine walks it, from its commands.

--- One node, its routes and what has come so far: `arrived` holds boxes `{value}` by keys, `open` how many routes may still bring
--- something, in all and by key.
type Node = {
  id: string,
  type: string,
  name: string?,
  target: string,
  config: any,
  routes: {any},
  state: string,
  arrived: {[string]: {value: any}},
  order: {string},
  open: integer,
  open_by_key: {[string]: integer},
  is_spread: boolean
}
--- Data that is there from the beginning.
type Source = {id: string, content: any, is_input: boolean, routes: {any}}
type Graph = {nodes: {Node}, sources: {Source}, by_id: {[string]: Node}}

local M = {Node = Node, Graph = Graph}

local function node_of(payload: any): Node
  return {
    id = payload.node_id,
    type = payload.node_type,
    name = payload.name,
    target = payload.target or "",
    config = payload.config or {},
    routes = {},
    state = "pending",
    arrived = {},
    order = {},
    open = 0,
    open_by_key = {},
    is_spread = false,
  }
end

--- The graph of some commands; a mistake in them is a text.
function M.of(commands: any): (Graph?, string?)
  local graph: Graph = {nodes = {}, sources = {}, by_id = {}}
  local owners: {[string]: any} = {}
  if type(commands) ~= "table" then return nil, "commands must be a list" end
  for i, command in ipairs(commands) do
    local payload = type(command) == "table" and command.payload or nil
    if type(payload) ~= "table" then return nil, "command " .. i .. " has no payload" end
    if command.type == "CREATE_NODE" then
      local node = node_of(payload)
      if type(node.id) ~= "string" or owners[node.id] ~= nil then
        return nil, "command " .. i .. " needs a node_id of its own"
      end
      owners[node.id], graph.by_id[node.id] = node, node
      graph.nodes[#graph.nodes + 1] = node
    elseif command.type == "CREATE_DATA" then
      local source = {
        id = payload.data_id,
        content = payload.content,
        is_input = payload.is_input == true,
        routes = {}
      }
      if type(source.id) ~= "string" or owners[source.id] ~= nil then
        return nil, "command " .. i .. " needs a data_id of its own"
      end
      owners[source.id] = source
      graph.sources[#graph.sources + 1] = source
    elseif command.type ~= "CREATE_ROUTE" then
      return nil, "command " .. i .. " is of an unknown type: " .. tostring(command.type)
    end
  end
  for i, command in ipairs(commands) do
    if command.type == "CREATE_ROUTE" then
      local route = command.payload
      local owner, target = owners[tostring(route.from)], graph.by_id[tostring(route.to)]
      if owner == nil or (target == nil and route.to ~= "@success" and route.to ~= "@fail") then
        return nil,
          "command " .. i .. " routes " .. tostring(route.from) .. " to " .. tostring(route.to)
      end
      owner.routes[#owner.routes + 1] = route
      if target ~= nil then
        local key = route.key or "default"
        target.open = target.open + 1
        target.open_by_key[key] = (target.open_by_key[key] or 0) + 1
        target.is_spread = target.is_spread or route.is_spread == true
      end
    end
  end
  if #graph.nodes == 0 then return nil, "there are no nodes" end
  return graph
end

return M
