-- Which function of a folder of sources calls which.
local treesitter = require("treesitter")
local fs = require("fs")
local registry = require("registry")

type Sample = {id: string, language: string, extension: string, label: string}

local graph = {}

local QUERIES: {[string]: {definitions: string, calls: string}} = {
  php = {
    definitions = "[(function_definition name: (name) @name) (method_declaration name: (name) @name)]",
    calls = "[(function_call_expression function: (name) @name) (member_call_expression name: (name) @name)]",
  },
  python = {
    definitions = "(function_definition name: (identifier) @name)",
    calls = "[(call function: (identifier) @name) (call function: (attribute attribute: (identifier) @name))]",
  },
}

function graph.samples(): {Sample}
  local samples = {}
  for _, entry in ipairs(assert(registry.find({[".kind"] = "fs.directory"}))) do
    local sample = entry.meta.sample
    if sample then
      samples[#samples + 1] = {
        id = entry.id,
        language = sample.language,
        extension = sample.extension,
        label = sample.label,
      }
    end
  end
  return samples
end

function graph.sample(language: string): Sample?
  for _, sample in ipairs(graph.samples()) do
    if sample.language == language then return sample end
  end
  return nil
end

-- Paths of a sample's sources, folders below it included, in order.
function graph.files(sample: Sample): {string}
  local volume = assert(fs.get(sample.id))
  local found = {}
  local function walk(folder: string)
    for item in volume:readdir(folder == "" and "/" or folder) do
      local path = folder == "" and item.name or folder .. "/" .. item.name
      if item.type == fs.type.DIR then
        walk(path)
      elseif path:sub(-#sample.extension - 1) == "." .. sample.extension then
        found[#found + 1] = path
      end
    end
  end
  walk("")
  table.sort(found)
  return found
end

-- The function around a node, or "" at the top of a file.
local function enclosing(node: any): string
  local current = node:parent()
  while current do
    local kind = current:kind()
    if kind == "function_definition" or kind == "method_declaration" then
      return current:child_by_field_name("name"):text()
    end
    current = current:parent()
  end
  return ""
end

local function captures(language: string, pattern: string, root: any, source: string): {any}
  return assert(assert(treesitter.query(language, pattern)):captures(root, source))
end

-- The graph in the language of Graphviz: a cluster for each file, an arrow for each call between known functions.
function graph.dot(sample: Sample): string
  local volume = assert(fs.get(sample.id))
  local lines, known, calls = {"digraph calls {"}, {}, {}
  for number, path in ipairs(graph.files(sample)) do
    local source = assert(volume:readfile(path))
    local tree = assert(treesitter.parse(sample.language, source))
    local root, queries = tree:root_node(), QUERIES[sample.language]
    lines[#lines + 1] = string.format("  subgraph cluster_%d { label=%q;", number, path)
    for _, capture in ipairs(captures(sample.language, queries.definitions, root, source)) do
      known[capture.text] = true
      lines[#lines + 1] = string.format("    %q;", capture.text)
    end
    lines[#lines + 1] = "  }"
    for _, capture in ipairs(captures(sample.language, queries.calls, root, source)) do
      calls[#calls + 1] = {caller = enclosing(capture.node), callee = capture.text}
    end
    tree:close()
  end
  for _, call in ipairs(calls) do
    if known[call.caller] and known[call.callee] then
      lines[#lines + 1] = string.format("  %q -> %q;", call.caller, call.callee)
    end
  end
  lines[#lines + 1] = "}"
  return table.concat(lines, "\n") .. "\n"
end

return graph
