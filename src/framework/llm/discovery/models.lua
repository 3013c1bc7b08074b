--- Models among the entries of the application: entries with `meta.type: llm.model`.

local registry = require("registry")

--- A model as it is told of; `class` lists the classes it is in.
type Card = {
  id: string,
  name: string,
  title: string,
  description: string,
  capabilities: {string},
  class: {string},
  priority: number,
  max_tokens: number?,
  output_tokens: number?,
  dimensions: number?,
  pricing: any,
  providers: {{id: string, provider_model: string, options: any}}
}

local M = {}

local function list_of(value: any): {string}
  if type(value) == "string" then return {value} end
  return type(value) == "table" and value or {}
end

local function has(list: {string}, wanted: string): boolean
  for _, each in ipairs(list) do
    if each == wanted then return true end
  end
  return false
end

local function card_of(entry: registry.Entry): Card
  local meta, data = entry.meta, entry.data
  return {
    id = entry.id,
    name = tostring(meta.name or entry.id),
    title = tostring(meta.title or meta.name or entry.id),
    description = tostring(meta.comment or ""),
    capabilities = list_of(meta.capabilities),
    class = list_of(meta.class),
    priority = tonumber(meta.priority) or 0,
    max_tokens = data.max_tokens,
    output_tokens = data.output_tokens,
    dimensions = data.dimensions,
    pricing = data.pricing or {},
    providers = data.providers or {},
  }
end

local function by_name(a: any, b: any): boolean
  if a.name ~= b.name then return a.name < b.name end
  return a.id < b.id
end

--- All models, by name.
function M.get_all(): ({Card}?, error?)
  local entries, err = registry.find({["meta.type"] = "llm.model"})
  if err ~= nil then return nil, err end
  local cards = {}
  for _, entry in ipairs(entries) do cards[#cards + 1] = card_of(entry) end
  table.sort(cards, by_name)
  return cards
end

--- The model of that name; nil when there is none.
function M.get_by_name(name: string): (Card?, error?)
  local cards, err = M.get_all()
  for _, card in ipairs(cards or {}) do
    if card.name == name then return card end
  end
  return nil, err
end

--- The models of a class, those with the highest priority first.
function M.get_by_class(class: string): ({Card}?, error?)
  local cards, err = M.get_all()
  if cards == nil then return nil, err end
  local found = {}
  for _, card in ipairs(cards) do
    if has(card.class, class) then found[#found + 1] = card end
  end
  table.sort(found, function(a: Card, b: Card): boolean
    if a.priority ~= b.priority then return a.priority > b.priority end
    return by_name(a, b)
  end)
  return found
end

--- Models that can do something; all when nothing is said.
function M.with_capability(capability: string?): ({Card}?, error?)
  local cards, err = M.get_all()
  if cards == nil or capability == nil then return cards, err end
  local found = {}
  for _, card in ipairs(cards) do
    if has(card.capabilities, capability) then found[#found + 1] = card end
  end
  return found
end

--- The classes that are described: entries with `meta.type: llm.model.class`.
function M.get_all_classes(): ({any}?, error?)
  local entries, err = registry.find({["meta.type"] = "llm.model.class"})
  if err ~= nil then return nil, err end
  local classes = {}
  for _, entry in ipairs(entries) do
    local name = tostring(entry.meta.name or entry.id:match(":(.*)$"))
    classes[#classes + 1] = {
      id = entry.id,
      name = name,
      title = tostring(entry.meta.title or name),
      description = tostring(entry.meta.description or entry.meta.comment or ""),
    }
  end
  table.sort(classes, by_name)
  return classes
end

return M
