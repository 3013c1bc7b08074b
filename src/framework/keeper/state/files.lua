--- Definition files of the project, and entries written into them.
---
--- DF1. A file is changed where an entry stands in it, and nowhere else: comments and order of the others stay.
--- DF2. A changed text is read before it is written; one that would not say what it must is not written.

local fs = require("fs")
local loader = require("loader")
local yaml = require("yaml")

local PROJECT = "keeper.state:project"
local LOCK = "/wippy.lock"
local DEFAULT_SOURCES = "./src"
local FIRST_FIELDS = {"name", "kind", "meta", "source", "method", "modules", "imports"}
local FILE_PREFIX = "file://"

--- A definition file: where it is, its namespace, its text, its entries as they are written.
type File = {path: string, namespace: string, text: string, entries: {any}}
--- An entry in the text of a file: its lines, both ends included, and what stands before them.
type Block = {first: integer, last: integer, indent: string}

local M = {File = File}

local function failure(kind: any, message: string): error
  return errors.new({kind = kind, message = message})
end

local function volume(): (fs.FS?, error?)
  return fs.get(PROJECT)
end

local function folder_of(path: string): string
  return path:match("^(.*)/[^/]*$") or ""
end

--- The folder of the project's sources.
local function sources(files: fs.FS): string
  local said = DEFAULT_SOURCES
  local text = files:exists(LOCK) and files:readfile(LOCK) or nil
  local lock = text ~= nil and yaml.decode(text) or nil
  if type(lock) == "table"
    and type(lock.directories) == "table"
    and type(lock.directories.src) == "string" then
    said = lock.directories.src
  end
  return "/" .. said:gsub("^%./", ""):gsub("^/+", ""):gsub("/+$", "")
end

--- The entries that the files of the project have.
function M.entries(): ({loader.Entry}?, error?)
  local files, err = volume()
  if files == nil then return nil, err end
  local folder = sources(files)
  if not files:isdir(folder) then
    return nil,
      failure(errors.UNAVAILABLE, "the application runs without its sources: there is no folder " .. folder)
  end
  local reading, refused = loader.new(PROJECT)
  if reading == nil then return nil, refused end
  return reading:load_directory(folder)
end

local function read_file(files: fs.FS, path: string, found: {File})
  local text = files:readfile(path)
  local decoded = text ~= nil and yaml.decode(text) or nil
  if type(decoded) ~= "table" or type(decoded.namespace) ~= "string" then return end
  found[#found + 1] = {
    path = path,
    namespace = decoded.namespace,
    text = text or "",
    entries = type(decoded.entries) == "table" and decoded.entries or {},
  }
end

local function walk(files: fs.FS, folder: string, found: {File}): error?
  local items, err = files:readdir(folder)
  if items == nil then return err end
  local names: {any} = {}
  for item in items do names[#names + 1] = item end
  table.sort(names, function(a: any, b: any): boolean return a.name < b.name end)
  for _, item in ipairs(names) do
    local path = folder .. "/" .. item.name
    if item.type == fs.type.DIR then
      local failed = walk(files, path, found)
      if failed ~= nil then return failed end
    elseif item.name:match("%.ya?ml$") then
      read_file(files, path, found)
    end
  end
  return nil
end

--- All definition files of the project.
function M.all(): ({File}?, error?)
  local files, err = volume()
  if files == nil then return nil, err end
  local found: {File} = {}
  local failed = walk(files, sources(files), found)
  if failed ~= nil then return nil, failed end
  return found
end

--- The file that has an entry, and the entry as it is written there.
function M.find(all: {File}, namespace: string, name: string): (File?, any)
  for _, file in ipairs(all) do
    if file.namespace == namespace then
      for _, entry in ipairs(file.entries) do
        if type(entry) == "table" and entry.name == name then return file, entry end
      end
    end
  end
  return nil, nil
end

local function lines_of(text: string): {string}
  local lines: {string} = {}
  for line in (text:sub(-1) == "\n" and text or text .. "\n"):gmatch("(.-)\n") do
    lines[#lines + 1] = line
  end
  return lines
end

local function is_silent(line: string): boolean
  return line:match("^%s*$") ~= nil or line:match("^%s*#") ~= nil
end

--- Where the list of entries is: its first line, its last, and what stands before each entry.
local function list_of(lines: {string}): (integer?, integer, string)
  local at
  for i, line in ipairs(lines) do
    if line:match("^entries:%s*$") or line:match("^entries:%s+#") then at = i end
  end
  if at == nil then return nil, 0, "" end
  local indent
  for i = at + 1, #lines do
    local line = lines[i]
    if not is_silent(line) then
      local blanks = line:match("^(%s*)%- ")
      if indent == nil then
        if blanks == nil then return nil, 0, "" end
        indent = blanks
      elseif blanks ~= indent and #(line:match("^%s*") or "") <= #indent then
        return at + 1, i - 1, indent
      end
    end
  end
  return at + 1, #lines, indent or "  "
end

local function block_text(lines: {string}, block: Block): string
  local parts: {string} = {}
  for i = block.first, block.last do parts[#parts + 1] = lines[i]:sub(#block.indent + 1) end
  return table.concat(parts, "\n") .. "\n"
end

--- Where an entry stands.
local function block_of(lines: {string}, name: string): Block?
  local first, last, indent = list_of(lines)
  if first == nil then return nil end
  local starts: {integer} = {}
  for i = first, last do
    if lines[i]:sub(1, #indent + 2) == indent .. "- " then starts[#starts + 1] = i end
  end
  for n, start in ipairs(starts) do
    local stop = (starts[n + 1] or last + 1) - 1
    while stop > start and is_silent(lines[stop]) do stop = stop - 1 end
    local block: Block = {first = start, last = stop, indent = indent}
    local decoded = yaml.decode(block_text(lines, block))
    if type(decoded) == "table" and type(decoded[1]) == "table" and decoded[1].name == name then
      return block
    end
  end
  return nil
end

--- An entry as definition files have it: its data beside its name.
function M.written_form(entry: registry.Entry, name: string, source: string?): any
  local form: any = {name = name, kind = entry.kind}
  if next(entry.meta) ~= nil then form.meta = entry.meta end
  local is_plain = type(entry.data) == "table"
    and entry.data.name == nil
    and entry.data.kind == nil
    and entry.data.meta == nil
    and entry.data.data == nil
  if is_plain then
    for key, value in pairs(entry.data) do form[key] = value end
    if source ~= nil then form.source = source end
  else
    form.data = entry.data
  end
  return form
end

local function item_lines(form: any, indent: string): ({string}?, error?)
  local text, err = yaml.encode(form, {field_order = FIRST_FIELDS, sort_unordered = true})
  if text == nil then return nil, err end
  local lines: {string} = {}
  for i, line in ipairs(lines_of(text)) do
    local before = i == 1 and "- " or "  "
    lines[i] = line == "" and "" or indent .. before .. line
  end
  return lines
end

local function spliced(lines: {string}, first: integer, last: integer, new: {string}): string
  local parts: {string} = {}
  for i = 1, first - 1 do parts[#parts + 1] = lines[i] end
  for _, line in ipairs(new) do parts[#parts + 1] = line end
  for i = last + 1, #lines do parts[#parts + 1] = lines[i] end
  return table.concat(parts, "\n") .. "\n"
end

local function not_editable(file: File): error
  return failure(
    errors.CONFLICT,
    file.path
      .. ": entries are written there in a way that is not changed piece by piece; change the file by hand"
  )
end

--- Whether there is an empty line between entries.
local function has_gaps(lines: {string}, first: integer, last: integer): boolean
  for i = first + 1, last do
    if lines[i - 1]:match("^%s*$") and lines[i]:match("^%s*%- ") then return true end
  end
  return false
end

--- Whether a text says what it must of an entry: that it is there, or is not.
local function demand(file: File, text: string, name: string, is_there: boolean): error?
  local decoded = yaml.decode(text)
  local count, total = 0, 0
  for _, entry in ipairs(type(decoded) == "table" and decoded.entries or {}) do
    total = total + 1
    if entry.name == name then count = count + 1 end
  end
  local _, before = M.find({file}, file.namespace, name)
  local expected = #file.entries + (is_there and 1 or 0) - (before ~= nil and 1 or 0)
  if count == (is_there and 1 or 0) and total == expected then return nil end
  return not_editable(file)
end

--- The text of a file with an entry in another form, or with a new one at its end.
function M.with_entry(file: File, form: any): (string?, error?)
  local lines = lines_of(file.text)
  local block = block_of(lines, form.name)
  local first, last, indent = list_of(lines)
  local text
  if block ~= nil then
    local new, err = item_lines(form, block.indent)
    if new == nil then return nil, err end
    text = spliced(lines, block.first, block.last, new)
  elseif first ~= nil then
    local new, err = item_lines(form, indent)
    if new == nil then return nil, err end
    while last > first and lines[last]:match("^%s*$") do last = last - 1 end
    if has_gaps(lines, first, last) then table.insert(new, 1, "") end
    text = spliced(lines, last + 1, last, new)
  else
    return nil, not_editable(file)
  end
  local wrong = demand(file, text, form.name, true)
  if wrong ~= nil then return nil, wrong end
  return text
end

--- The text of a file without an entry.
function M.without_entry(file: File, name: string): (string?, error?)
  local lines = lines_of(file.text)
  local block = block_of(lines, name)
  if block == nil then return nil, not_editable(file) end
  local last = block.last
  while lines[last + 1] ~= nil and lines[last + 1]:match("^%s*$") do last = last + 1 end
  local text = spliced(lines, block.first, last, {})
  local wrong = demand(file, text, name, false)
  if wrong ~= nil then return nil, wrong end
  return text
end

--- A file for entries of a namespace that has none yet.
function M.new_file(all: {File}, namespace: string): (File?, error?)
  local files, err = volume()
  if files == nil then return nil, err end
  local folder = sources(files)
  -- Beside the nearest namespace above it.
  local rest = namespace
  for _, file in ipairs(all) do
    local above = file.namespace .. "."
    if namespace:sub(1, #above) == above and #namespace - #above < #rest then
      folder, rest = folder_of(file.path), namespace:sub(#above + 1)
    end
  end
  return {
    path = folder .. "/" .. rest:gsub("%.", "/") .. "/_index.yaml",
    namespace = namespace,
    text = 'version: "1.0"\nnamespace: ' .. namespace .. "\n\nentries:\n",
    entries = {},
  }
end

--- Writes a text, with the folders that it needs.
function M.write(path: string, text: string): error?
  local files, err = volume()
  if files == nil then return err end
  local folder = ""
  for part in folder_of(path):gmatch("[^/]+") do
    folder = folder .. "/" .. part
    if not files:isdir(folder) then
      local _, refused = files:mkdir(folder)
      if refused ~= nil then return refused end
    end
  end
  local _, failed = files:writefile(path, text)
  return failed
end

--- Gives a file another text; it is one of `all` then, as it is now.
function M.replace(all: {File}, file: File, text: string): error?
  local failed = M.write(file.path, text)
  if failed ~= nil then return failed end
  local decoded = yaml.decode(text)
  file.text = text
  file.entries = type(decoded) == "table" and type(decoded.entries) == "table" and decoded.entries
    or {}
  for _, each in ipairs(all) do
    if each == file then return nil end
  end
  all[#all + 1] = file
  return nil
end

--- The path of the source that a written entry names; nothing when the source is in the entry.
function M.source_path(file: File, written: any): string?
  local source = type(written) == "table" and written.source or nil
  if type(source) ~= "string" or source:sub(1, #FILE_PREFIX) ~= FILE_PREFIX then return nil end
  local path = source:sub(#FILE_PREFIX + 1)
  if path:sub(1, 1) == "/" then return path end
  return folder_of(file.path) .. "/" .. path:gsub("^%./", "")
end

--- A source beside a definition file: how an entry names it, and where it is.
function M.new_source(file: File, name: string): (string, string)
  local base = name:gsub("[^%w_%-]", "_") .. ".lua"
  return FILE_PREFIX .. base, folder_of(file.path) .. "/" .. base
end

return M
