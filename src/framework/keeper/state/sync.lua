--- Files and entries of managed namespaces, kept the same.
---
--- SY1. An entry differs when it was changed since the application began, or its file was. What options of the command line, profiles
---      and parameters of modules make of an entry when the application begins is no difference, and is not written to files.

local registry = require("registry")
local store = require("store")

--- How an entry differs: `changed`, `only_in_files`, or `only_in_registry`.
type Drift = {id: string, state: string, file: any, entry: registry.Entry?}

local CHANGED, ONLY_FILES, ONLY_REGISTRY = "changed", "only_in_files", "only_in_registry"

--- What files said, as the application began, of entries that were others from the beginning.
local AT_BEGIN = "keeper.state:at_begin"

local M = {}

local function same(a: any, b: any): boolean
  if a == b then return true end
  if type(a) ~= "table" or type(b) ~= "table" then return false end
  for key, value in pairs(a) do
    if not same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

local function demand_managed(): error?
  if #settings.managed_namespaces() > 0 then return nil end
  return errors.new({
    kind = errors.NOT_FOUND,
    message = "no namespace is managed: set GOV_MANAGED_NAMESPACES, for example to app"
  })
end

local function is_equal(file: any, entry: registry.Entry): boolean
  return file.kind == entry.kind and same(file.meta, entry.meta) and same(file.data, entry.data)
end

--- Writes down which entries are other than their files say before anybody has changed one.
function M.begin()
  local loaded = files.entries()
  if loaded == nil then
    return {status = "skipped", message = "the application runs without its sources"}
  end
  local kept, err = store.get(AT_BEGIN)
  if kept == nil then return {status = "error", message = tostring(err)} end
  local count = 0
  for _, file in ipairs(loaded) do
    local entry = registry.get(file.id)
    if entry ~= nil and not is_equal(file, entry) then
      local _, failed = kept:set(file.id, file)
      if failed ~= nil then return {status = "error", message = tostring(failed)} end
      count = count + 1
    end
  end
  return {status = "success", message = "entries that are other than in their files: " .. count}
end

--- Ids of entries that versions have changed.
local function changed_by_versions(live: {registry.Entry}): ({[string]: boolean}?, error?)
  local versions, err = registry.versions()
  if versions == nil then return nil, err end
  local first, no_first = registry.snapshot_at(versions[1]:id())
  if first == nil then return nil, no_first end
  local before, unreadable = first:entries()
  if before == nil then return nil, unreadable end
  local operations, failed = registry.build_delta(before, live)
  if operations == nil then return nil, failed end
  local ids: {[string]: boolean} = {}
  for _, operation in ipairs(operations) do ids[operation.entry.id] = true end
  return ids
end

--- Leaves out what was so from the beginning.
local function without_beginnings(found: {Drift}, live: {registry.Entry}): ({Drift}?, error?)
  local kept, err = store.get(AT_BEGIN)
  if kept == nil then return nil, err end
  local others: {Drift}, changed = {}, nil
  for _, each in ipairs(found) do
    local before = each.state == CHANGED and kept:get(each.id) or nil
    local is_old = before ~= nil and is_equal(before, each.file)
    if is_old and changed == nil then
      local ids, failed = changed_by_versions(live)
      if ids == nil then return nil, failed end
      changed = ids
    end
    if not is_old or changed ~= nil and changed[each.id] then others[#others + 1] = each end
  end
  return others
end

--- What differs, by id; of `ids` alone where they are given.
local function drift(ids: {string}?): ({Drift}?, error?)
  local unmanaged = demand_managed()
  if unmanaged ~= nil then return nil, unmanaged end
  local loaded, err = files.entries()
  if loaded == nil then return nil, err end
  local live, refused = registry.find({})
  if live == nil then return nil, refused end
  local wanted: {[string]: boolean}? = nil
  if ids ~= nil then
    local set: {[string]: boolean} = {}
    for _, id in ipairs(ids) do
      if not settings.is_managed(registry.parse_id(id).ns) then
        return nil,
          errors.new({kind = errors.PERMISSION_DENIED, message = id .. " is in no managed namespace"})
      end
      set[id] = true
    end
    wanted = set
  end
  local in_files: {[string]: any} = {}
  local found: {Drift} = {}
  local is_live: {[string]: boolean} = {}
  for _, entry in ipairs(loaded) do in_files[entry.id] = entry end
  for _, entry in ipairs(live) do
    is_live[entry.id] = true
    local file = in_files[entry.id]
    if file == nil or not is_equal(file, entry) then
      found[#found + 1] = {
        id = entry.id,
        state = file ~= nil and CHANGED or ONLY_REGISTRY,
        file = file,
        entry = entry
      }
    end
  end
  for _, entry in ipairs(loaded) do
    if not is_live[entry.id] then
      found[#found + 1] = {id = entry.id, state = ONLY_FILES, file = entry, entry = nil}
    end
  end
  local chosen: {Drift} = {}
  for _, each in ipairs(found) do
    local is_chosen = wanted == nil or wanted[each.id]
    if is_chosen and settings.is_managed(registry.parse_id(each.id).ns) then
      chosen[#chosen + 1] = each
    end
  end
  table.sort(chosen, function(a: Drift, b: Drift): boolean return a.id < b.id end)
  return without_beginnings(chosen, live)
end

--- Which entries of managed namespaces differ from the files.
function M.status(): (any, error?)
  local found, err = drift(nil)
  if found == nil then return nil, err end
  local shown = {}
  for i, each in ipairs(found) do shown[i] = {id = each.id, state = each.state} end
  return {managed = settings.managed_namespaces(), in_sync = #found == 0, differences = shown}
end

--- A table without its source.
local function without_source(value: any): any
  local copy = {}
  for key, each in pairs(value) do
    if key ~= "source" then copy[key] = each end
  end
  return copy
end

--- Writes one entry to its file among `all`, after the source that it names; the paths that were written.
local function write_entry(all: {files.File}, each: Drift, entry: registry.Entry): (
  {string}?,
  error?
)
  local id = registry.parse_id(entry.id)
  local file, written = files.find(all, id.ns, id.name)
  local paths: {string} = {}
  local source = type(entry.data) == "table" and entry.data.source or nil
  local named, source_path = nil, file ~= nil and files.source_path(file, written) or nil
  if source_path ~= nil then named = written.source end
  if file == nil then
    for _, candidate in ipairs(all) do
      if file == nil and candidate.namespace == id.ns then file = candidate end
    end
    if file == nil then
      local made, refused = files.new_file(all, id.ns)
      if made == nil then return nil, refused end
      file = made
    end
  end
  if named == nil
    and written == nil
    and type(source) == "string"
    and entry.kind:match("%.lua$") then
    named, source_path = files.new_source(file, id.name)
  end
  local is_source_only = each.file ~= nil
    and each.file.kind == entry.kind
    and named ~= nil
    and same(each.file.meta, entry.meta)
    and same(without_source(each.file.data), without_source(entry.data))
  local text, refused
  if not is_source_only then
    text, refused = files.with_entry(file, files.written_form(entry, id.name, named))
    if text == nil then return nil, refused end
  end
  if source_path ~= nil
    and type(source) == "string"
    and (each.file == nil or each.file.data.source ~= source) then
    local failed = files.write(source_path, source)
    if failed ~= nil then return nil, failed end
    paths[#paths + 1] = source_path
  end
  if text ~= nil then
    local failed = files.replace(all, file, text)
    if failed ~= nil then return nil, failed end
    paths[#paths + 1] = file.path
  end
  return paths
end

--- Takes one entry out of its file among `all`. Its source stays, for another entry may have it.
local function remove_entry(all: {files.File}, id: registry.Id): ({string}?, error?)
  local file = files.find(all, id.ns, id.name)
  if file == nil then return {} end
  local text, refused = files.without_entry(file, id.name)
  if text == nil then return nil, refused end
  local failed = files.replace(all, file, text)
  if failed ~= nil then return nil, failed end
  return {file.path}
end

--- Makes the files say what the registry does; of `ids` alone where they are given.
function M.push(args: any): (any, error?)
  local found, err = drift(args.ids)
  if found == nil then return nil, err end
  local all, unreadable = files.all()
  if all == nil then return nil, unreadable end
  local is_listed: {[string]: boolean} = {}
  local paths, ids = {}, {}
  for _, each in ipairs(found) do
    local entry = each.entry
    local written, refused
    if entry ~= nil then
      written, refused = write_entry(all, each, entry)
    else
      written, refused = remove_entry(all, registry.parse_id(each.id))
    end
    if written == nil then return nil, refused end
    ids[#ids + 1] = each.id
    for _, path in ipairs(written) do
      if not is_listed[path] then paths[#paths + 1] = path end
      is_listed[path] = true
    end
  end
  table.sort(paths)
  return {entries = ids, files = paths}
end

--- Makes the registry say what the files do, as one version; of `ids` alone where they are given.
function M.pull(args: any): (any, error?)
  local found, err = drift(args.ids)
  if found == nil then return nil, err end
  if #found == 0 then return {entries = {}} end
  local snapshot, refused = registry.snapshot()
  if snapshot == nil then return nil, refused end
  local changes = snapshot:changes()
  local ids = {}
  for i, each in ipairs(found) do
    local failed
    if each.state == CHANGED then
      local _, why = changes:update(each.file)
      failed = why
    elseif each.state == ONLY_FILES then
      local _, why = changes:create(each.file)
      failed = why
    else
      local _, why = changes:delete(each.id)
      failed = why
    end
    if failed ~= nil then return nil, failed end
    ids[i] = each.id
  end
  local version, unapplied = changes:apply()
  if version == nil then return nil, unapplied end
  return {entries = ids, version = version:id()}
end

return M
