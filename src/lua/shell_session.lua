--- The process behind an interactive session. It runs one piece of code at a time, in an environment that stays.

local session = _ENV["@session"]

--- How deep and how much of a value is shown.
local DEPTH_MAX, ITEMS_MAX, LENGTH_MAX, TEXT_MAX = 6, 200, 100000, 1000
--- Longest table that stays on one line.
local LINE_MAX = 80
local OWN = "shell session"

local environment = session.environment(session.globals)
local base_require = environment.require

--- Libraries of the application as they were loaded, by id.
local libraries = {}

local function load_library(id)
  local units, reason = session.units(id)
  if units == nil then error(reason, 3) end
  local results = {}
  for i, unit in ipairs(units) do
    local own = session.environment(unit.globals)
    for _, import in ipairs(unit.imports) do own[import.alias] = results[import.unit] end
    results[i] = session.load(unit.code, own)()
  end
  return results[#units]
end

--- Modules by name; libraries and functions of the application by id.
function environment.require(name)
  if type(name) ~= "string" or not name:find(":", 1, true) then
    local value = type(name) == "string" and environment[name] or nil
    if value ~= nil then return value end
    return base_require(name)
  end
  if libraries[name] == nil then libraries[name] = { load_library(name) } end
  return libraries[name][1]
end

local function quoted(text)
  local cut = #text > TEXT_MAX and text:sub(1, TEXT_MAX) or text
  local escaped = cut:gsub('[%c"\\]', function(char)
    if char == "\n" then return "\\n" end
    if char == "\t" then return "\\t" end
    if char == "\r" then return "\\r" end
    if char == '"' or char == "\\" then return "\\" .. char end
    return ("\\%03d"):format(char:byte())
  end)
  local more = #text > TEXT_MAX and " ... (" .. #text .. " bytes)" or ""
  return '"' .. escaped .. '"' .. more
end

local function keys_of(map)
  local keys, count = {}, 0
  for key in pairs(map) do
    count = count + 1
    if count <= ITEMS_MAX then keys[count] = key end
  end
  table.sort(keys, function(a, b)
    local first, second = type(a), type(b)
    if first ~= second then return first == "number" or (first == "string" and second ~= "number") end
    if first == "number" or first == "string" then return a < b end
    return tostring(a) < tostring(b)
  end)
  return keys, count - #keys
end

local function shown(value, indent, depth, above)
  if type(value) == "string" then return quoted(value) end
  if type(value) ~= "table" then return tostring(value) end
  local mt = getmetatable(value)
  if type(mt) == "table" and mt.__tostring then return tostring(value) end
  if above[value] then return "<itself>" end
  if next(value) == nil then return "{}" end
  if depth >= DEPTH_MAX then return "{...}" end
  above[value] = true
  local keys, hidden = keys_of(value)
  local parts, length, deeper = {}, 0, indent .. "  "
  for i, key in ipairs(keys) do
    local text = shown(value[key], deeper, depth + 1, above)
    if key ~= i then
      local is_name = type(key) == "string" and key:match("^[%a_][%w_]*$")
      local name = is_name and key or "[" .. (type(key) == "string" and quoted(key) or tostring(key)) .. "]"
      text = name .. " = " .. text
    end
    parts[i] = text
    length = length + #text + 2
    if length > LENGTH_MAX then
      hidden = hidden + #keys - i
      break
    end
  end
  above[value] = nil
  if hidden > 0 then parts[#parts + 1] = "... " .. hidden .. " more" end
  local line = "{ " .. table.concat(parts, ", ") .. " }"
  if #indent + #line <= LINE_MAX and not line:find("\n", 1, true) then return line end
  return "{\n" .. deeper .. table.concat(parts, ",\n" .. deeper) .. ",\n" .. indent .. "}"
end

--- What was raised, with the frames that it passed through in the code.
local function failure_of(raised)
  local is_error = type(raised) == "userdata"
  local message = type(raised) == "table" and shown(raised, "", 0, {}) or tostring(raised)
  local stack = errors.call_stack(errors.new(message))
  local trace = {}
  for _, frame in ipairs(stack and stack.frames or {}) do
    if frame.line > 0 and frame.source ~= OWN then
      trace[#trace + 1] = { source = frame.source, line = frame.line, name = frame.name or "" }
    end
  end
  local has_kind, kind = pcall(function() return raised:kind() end)
  return { message = message, kind = is_error and has_kind and kind or "", trace = trace }
end

local function evaluate(code)
  local results = table.pack(session.load(code, environment)())
  environment._ = results[1]
  local texts = {}
  for i = 1, results.n do texts[i] = shown(results[i], "", 0, {}) end
  return { values = texts }
end

local function run()
  local code = session.take()
  if code == nil then return end
  local _, outcome = xpcall(evaluate, failure_of, code)
  session.done(outcome)
end

local function main()
  local wakes = process.listen("shell:input")
  while true do
    wakes:receive()
    session.spawn(run)
  end
end

return { main = main }
