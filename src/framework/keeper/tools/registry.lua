--- Entries: looking for them, reading and changing them, and their versions.
---
--- RG1. All changes of one call become one version, or none does.

local json = require("json")
local registry = require("registry")

type Shown = {id: string, kind: string, comment: string?}

local FOUND_MAX = 500
local FOUND_DEFAULT = 50
local VERSIONS_DEFAULT = 10
local VERSIONS_MAX = 100
local SHORT = {create = "entry.create", update = "entry.update", delete = "entry.delete"}

local M = {}

local function failure(kind: any, message: string): error
  return errors.new({kind = kind, message = message})
end

local function not_found(id: string): error
  return failure(errors.NOT_FOUND, "there is no entry " .. id)
end

local function summary(entry: registry.Entry): Shown
  return {id = entry.id, kind = entry.kind, comment = entry.meta.comment}
end

--- Whether a text is somewhere in an entry.
local function mentions(entry: registry.Entry, wanted: string): boolean
  local whole = entry.id .. "\n" .. (json.encode(entry.meta) or "") .. "\n"
  local source = type(entry.data) == "table" and entry.data.source or nil
  whole = whole .. (type(source) == "string" and source or json.encode(entry.data) or "")
  return whole:lower():find(wanted:lower(), 1, true) ~= nil
end

--- Entries that fit: `kind`, `namespace`, `name` with `*`; `meta` exactly; `text` anywhere.
function M.find(args: any): (any, error?)
  local filter: {[string]: any} = {}
  if args.kind ~= nil then filter[".kind"] = args.kind end
  if args.namespace ~= nil then filter[".ns"] = args.namespace end
  if args.name ~= nil then filter[".name"] = args.name end
  for key, value in pairs(args.meta or {}) do filter["meta." .. key] = value end
  local entries, err = sorted.find(filter)
  if entries == nil then return nil, err end
  local fitting: {registry.Entry} = {}
  for _, entry in ipairs(entries) do
    if args.text == nil or mentions(entry, args.text) then fitting[#fitting + 1] = entry end
  end
  local offset = args.offset or 0
  local limit = math.min(args.limit or FOUND_DEFAULT, FOUND_MAX)
  local found = {}
  for i = offset + 1, math.min(offset + limit, #fitting) do
    found[#found + 1] = summary(fitting[i])
  end
  local is_more = offset + #found < #fitting
  return {total = #fitting, entries = found, next_offset = is_more and offset + #found or nil}
end

--- One entry with everything in it.
function M.get(args: any): (any, error?)
  local entry, err = registry.get(args.id)
  if entry ~= nil then return entry end
  return nil, err or not_found(args.id)
end

--- All namespaces, and how many entries each has.
function M.namespaces(): (any, error?)
  local entries, err = registry.find({})
  if entries == nil then return nil, err end
  local counts: {[string]: integer} = {}
  local names: {string} = {}
  for _, entry in ipairs(entries) do
    local name = registry.parse_id(entry.id).ns
    if counts[name] == nil then names[#names + 1] = name end
    counts[name] = (counts[name] or 0) + 1
  end
  table.sort(names)
  local found = {}
  for i, name in ipairs(names) do found[i] = {namespace = name, entries = counts[name]} end
  return {namespaces = found}
end

local function lines_of(whole: string): {string}
  local lines: {string} = {}
  for line in (whole .. "\n"):gmatch("(.-)\n") do lines[#lines + 1] = line end
  return lines
end

--- The lines that differ, from the first to the last such, after the number of the first: `-` before, `+` after.
local function source_change(before: any, after: any): string?
  if type(before) ~= "string" or type(after) ~= "string" or before == after then return nil end
  local old, new = lines_of(before), lines_of(after)
  local same = 0
  while same < math.min(#old, #new) and old[same + 1] == new[same + 1] do same = same + 1 end
  local tail = 0
  while tail < math.min(#old, #new) - same and old[#old - tail] == new[#new - tail] do
    tail = tail + 1
  end
  local shown = {"@@ line " .. same + 1}
  for i = same + 1, #old - tail do shown[#shown + 1] = "-" .. old[i] end
  for i = same + 1, #new - tail do shown[#shown + 1] = "+" .. new[i] end
  return table.concat(shown, "\n")
end

local function entries_at(version: integer): ({registry.Entry}?, error?)
  local snapshot, err = registry.snapshot_at(version)
  if snapshot == nil then
    return nil, err or failure(errors.NOT_FOUND, "there is no version " .. version)
  end
  return snapshot:entries()
end

--- What leads from one list of entries to another.
local function changes_between(from: {registry.Entry}, to: {registry.Entry}, is_whole: boolean): (
  any,
  error?
)
  local operations, err = registry.build_delta(from, to)
  if operations == nil then return nil, err end
  local before: {[string]: registry.Entry} = {}
  for _, entry in ipairs(from) do before[entry.id] = entry end
  local changes = {}
  for i, operation in ipairs(operations) do
    local entry = operation.entry
    local change: any = {op = operation.kind:match("%.(%a+)$"), id = entry.id}
    if is_whole then
      local old = before[entry.id]
      local old_source = old ~= nil and type(old.data) == "table" and old.data.source or nil
      local new_source = type(entry.data) == "table" and entry.data.source or nil
      change.kind = entry.kind
      change.source = source_change(old_source, new_source)
    end
    changes[i] = change
  end
  return changes
end

--- What was changed between two versions; up to the current one at first.
function M.diff(args: any): (any, error?)
  local current = registry.current_version()
  local last = args.to or current ~= nil and current:id() or 0
  local from, no_start = entries_at(args.from)
  if from == nil then return nil, no_start end
  local to, no_end = entries_at(last)
  if to == nil then return nil, no_end end
  local changes, err = changes_between(from, to, true)
  if changes == nil then return nil, err end
  return {from = args.from, to = last, changes = changes}
end

--- The latest versions, the newest first, each with what it changed.
function M.history(args: any): (any, error?)
  local versions, err = registry.versions()
  if versions == nil then return nil, err end
  local current = registry.current_version()
  local first = math.max(1, #versions - math.min(args.limit or VERSIONS_DEFAULT, VERSIONS_MAX) + 1)
  local found = {}
  local after = entries_at(versions[#versions]:id())
  for i = #versions, first, -1 do
    local id = versions[i]:id()
    local shown: any = {version = id, current = current ~= nil and current:id() == id}
    local before = i > 1 and entries_at(versions[i - 1]:id()) or nil
    if before ~= nil and after ~= nil then shown.changes = changes_between(before, after, false) end
    found[#found + 1] = shown
    after = before
  end
  return {total = #versions, versions = found}
end

--- A given part, or the one there was.
local function kept(value: any, before: any): any
  if value == nil then return before end
  return value
end

--- Adds one change to those of a call; why it can't be made, if so.
local function add(changes: registry.Changes, change: any): error?
  local id, before = change.id, registry.get(change.id)
  if change.op == "create" then
    if change.kind == nil then
      return failure(errors.INVALID, id .. ": a new entry needs a kind")
    end
    local _, err = changes:create({
      id = id,
      kind = change.kind,
      meta = change.meta or {},
      data = change.data or {}
    })
    return err
  end
  if before == nil then return not_found(id) end
  if change.op == "delete" then
    local _, err = changes:delete(id)
    return err
  end
  local _, err = changes:update({
    id = id,
    kind = kept(change.kind, before.kind),
    meta = kept(change.meta, before.meta),
    data = kept(change.data, before.data)
  })
  return err
end

local function applied(changes: registry.Changes): (any, error?)
  local before = registry.current_version()
  local version, err = changes:apply()
  if version == nil then return nil, err end
  return {version = version:id(), previous = before ~= nil and before:id() or nil}
end

--- Makes all changes of a list as one version: `{op, id, kind?, meta?, data?}`. An update keeps what it does not name.
function M.apply(args: any): (any, error?)
  local snapshot, err = registry.snapshot()
  if snapshot == nil then return nil, err end
  local changes = snapshot:changes()
  for _, change in ipairs(args.changes) do
    if SHORT[change.op] == nil then
      return nil,
        failure(errors.INVALID, "op: create, update or delete, not " .. tostring(change.op))
    end
    local refused = add(changes, change)
    if refused ~= nil then return nil, refused end
  end
  return applied(changes)
end

local function count_of(source: string, part: string): integer
  local count, at = 0, 1
  while true do
    local first, last = source:find(part, at, true)
    if first == nil or last == nil then return count end
    count, at = count + 1, last + 1
  end
end

--- Replaces one piece of an entry's source by another. The piece must be there once, unless `all` is true.
function M.edit_source(args: any): (any, error?)
  local entry, err = registry.get(args.id)
  if entry == nil then return nil, err or not_found(args.id) end
  local source = type(entry.data) == "table" and entry.data.source or nil
  if type(source) ~= "string" then
    return nil, failure(errors.INVALID, args.id .. " has no source")
  end
  if args.find == "" then return nil, failure(errors.INVALID, "find: a text is expected") end
  local count = count_of(source, args.find)
  if count == 0 then
    return nil, failure(errors.NOT_FOUND, "find: that text is not in the source of " .. args.id)
  end
  if count > 1 and not args.all then
    return nil,
      failure(errors.CONFLICT, "find: that text is " .. count .. " times in the source of " .. args.id .. "; give more of it, or all: true")
  end
  local parts, at = {}, 1
  for _ = 1, count do
    local first, last = source:find(args.find, at, true)
    parts[#parts + 1] = source:sub(at, (first or 1) - 1)
    at = (last or 0) + 1
  end
  parts[#parts + 1] = source:sub(at)
  entry.data.source = table.concat(parts, args.replace)
  local snapshot, unreadable = registry.snapshot()
  if snapshot == nil then return nil, unreadable end
  local changes = snapshot:changes()
  local _, refused = changes:update(entry)
  if refused ~= nil then return nil, refused end
  local result, failed = applied(changes)
  if result == nil then return nil, failed end
  result.replaced = count
  return result
end

--- Makes an earlier version, or a later one, the current one.
function M.rollback(args: any): (any, error?)
  local history, err = registry.history()
  if history == nil then return nil, err end
  local version, unknown = history:get_version(args.version)
  if version == nil then
    return nil, unknown or failure(errors.NOT_FOUND, "there is no version " .. args.version)
  end
  local before = registry.current_version()
  local _, refused = registry.apply_version(version)
  if refused ~= nil then return nil, refused end
  return {version = args.version, previous = before ~= nil and before:id() or nil}
end

return M
