--- Migrations among the entries of the application.

local registry = require("registry")
local time = require("time")

--- Which migrations; all when nothing is said.
type Criteria = {target_db: string?, tags: {string}?}

local LAYOUTS = {
  time.RFC3339,
  time.RFC3339NANO,
  "2006-01-02T15:04:05",
  "2006-01-02 15:04:05",
  "2006-01-02"
}

local M = {}

--- The id of the database that a migration is for; nil when it names none.
function M.target_of(entry: registry.Entry): string?
  local target = entry.meta.target_db
  if type(target) ~= "string" or target == "" then return nil end
  if target:find(":", 1, true) then return target end
  return entry.id:match("^[^:]*") .. ":" .. target
end

--- The tags of a migration.
function M.tags_of(entry: registry.Entry): {string}
  local tags = entry.meta.tags
  if type(tags) == "string" then return {tags} end
  return type(tags) == "table" and tags or {}
end

--- When a migration was written, in Unix seconds; 0 when it does not say.
local function instant_of(entry: registry.Entry): (number?, error?)
  local written = entry.meta.timestamp
  if written == nil or written == "" then return 0 end
  for _, layout in ipairs(LAYOUTS) do
    local parsed = time.parse(layout, tostring(written))
    if parsed ~= nil then return parsed:unix_nano() / 1e9 end
  end
  return nil, errors.new({
      kind = errors.INVALID,
      message = entry.id .. ": meta.timestamp \"" .. tostring(written)
        .. "\" is no ISO-8601 time such as 2025-01-15T10:00:00Z"
    })
end

local function shares(tags: {string}, wanted: {string}): boolean
  for _, tag in ipairs(tags) do
    for _, each in ipairs(wanted) do
      if tag == each then return true end
    end
  end
  return false
end

local function all(): ({registry.Entry}?, error?)
  local entries, err = registry.find({["meta.type"] = "migration"})
  if err ~= nil then return nil, err end
  local found = {}
  for _, entry in ipairs(entries) do
    if entry.kind:match("^function%.") then found[#found + 1] = entry end
  end
  return found
end

--- Migrations that fit, in the order in which they are applied: by time, then by id.
function M.find(criteria: Criteria?): ({registry.Entry}?, error?)
  local wanted = criteria or {}
  local entries, err = all()
  if err ~= nil then return nil, err end
  local found, instants = {}, {}
  for _, entry in ipairs(entries) do
    local is_target = wanted.target_db == nil or M.target_of(entry) == wanted.target_db
    if is_target and (wanted.tags == nil or shares(M.tags_of(entry), wanted.tags)) then
      local instant, unreadable = instant_of(entry)
      if instant == nil then return nil, unreadable end
      instants[entry.id] = instant
      found[#found + 1] = entry
    end
  end
  table.sort(found, function(a: registry.Entry, b: registry.Entry): boolean
    if instants[a.id] ~= instants[b.id] then return instants[a.id] < instants[b.id] end
    return a.id < b.id
  end)
  return found
end

--- The migration with that id.
function M.get(id: string): (registry.Entry?, error?)
  local entry, err = registry.get(id)
  if err ~= nil then return nil, err end
  if entry == nil or entry.meta.type ~= "migration" then
    return nil,
      errors.new({kind = errors.NOT_FOUND, message = "there is no migration " .. tostring(id)})
  end
  return entry
end

--- What `values_of` gives for all migrations, each once, in order.
local function distinct(values_of: (registry.Entry) -> {string}): ({string}?, error?)
  local entries, err = all()
  if err ~= nil then return nil, err end
  local seen, found = {}, {}
  for _, entry in ipairs(entries) do
    for _, value in ipairs(values_of(entry)) do
      if not seen[value] then
        seen[value] = true
        found[#found + 1] = value
      end
    end
  end
  table.sort(found)
  return found
end

--- Ids of the databases that have migrations.
function M.get_target_dbs(): ({string}?, error?)
  return distinct(function(entry: registry.Entry): {string}
    local target = M.target_of(entry)
    return target ~= nil and {target} or {}
  end)
end

--- Tags that migrations have.
function M.get_tags(): ({string}?, error?)
  return distinct(M.tags_of)
end

--- Ids of migrations that name no database, and are never applied. An empty text is none of a parameter that nobody has given.
function M.without_target(): ({string}?, error?)
  return distinct(function(entry: registry.Entry): {string}
    return M.target_of(entry) == nil and entry.meta.target_db ~= "" and {entry.id} or {}
  end)
end

return M
