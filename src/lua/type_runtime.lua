-- Types as values. One instance per process, loaded only by programs that use types as values.
--
-- Equal types are one value: every constructor interns by a key that spells the structure, so `==`, table keys and
-- subtyping need no comparison of trees. The first name given to a structure stays its name.
-- A recursive type is opened, used while it is built, and closed; its key spells its whole definition.

local D = {} -- key of a type's data in its value; absent in everything else
local interned = {}
local meta = { __metatable = "type" }
local methods = {}
local floor, mathtype, huge = math.floor, math.type, math.huge
local rawget, rawequal, rawset, type, select, tostring, ipairs, next = rawget, rawequal, rawset, type, select, tostring, ipairs, next
local concat = table.concat
local library = string

local function data(t)
  return type(t) == "table" and rawget(t, D) or nil
end

local function make(key, d)
  local known = interned[key]
  if known then return known end
  d.key = key
  local t = setmetatable({ [D] = d }, meta)
  interned[key] = t
  return t
end

local function quote(value)
  if type(value) == "string" then
    return '"' .. library.gsub(value, '[%c"\\]', function(c) return library.format("\\%d", library.byte(c)) end) .. '"'
  end
  return tostring(value)
end

local function got(value)
  return data(value) and "type" or type(value)
end

-- How a type is called in messages: by its name, else by its form.
local function show(t)
  local d = rawget(t, D)
  return d.name or d.text or d.key
end

local function atom(t)
  local d, text = rawget(t, D), show(t)
  if not d.name and (d.kind == "union" or d.kind == "function" or d.kind == "intersection") then return "(" .. text .. ")" end
  return text
end

local function keys(list, separator, of)
  local out = {}
  for i, t in ipairs(list) do out[i] = of and of(t) or rawget(t, D).key end
  return concat(out, separator)
end

local R = {}

local function primitive(name, test)
  local t = make(name, { kind = name, name = name, test = test, isPrimitive = true })
  R[name] = t
  return t
end

primitive("number", function(v) return type(v) == "number" end)
primitive("integer", function(v)
  return mathtype(v) == "integer" or (mathtype(v) == "float" and v == floor(v) and v ~= huge and v ~= -huge)
end)
primitive("string", function(v) return type(v) == "string" end)
primitive("boolean", function(v) return type(v) == "boolean" end)
primitive("nil", function(v) return v == nil end)
primitive("any", function() return true end)
primitive("unknown", function() return true end)
primitive("never", function() return false end)
-- A class of host objects, or a type that a program can't see into.
function R.opaque(name)
  return make("opaque " .. name, {
    kind = "record", name = name, names = {}, types = {}, byName = {},
    test = function(v) return (type(v) == "userdata" or type(v) == "table") and not data(v) end,
  })
end
R.table = make("table", { kind = "map", name = "table", test = function(v) return type(v) == "table" and not data(v) end,
  mapKey = R.any, mapValue = R.any })
R.userdata = make("userdata", { kind = "record", name = "userdata", names = {}, types = {}, byName = {},
  test = function(v) return type(v) == "userdata" end })
R.thread = make("thread", { kind = "record", name = "thread", names = {}, types = {}, byName = {},
  test = function(v) return type(v) == "thread" end })

-- A type parameter outside of an instance: nothing is known about it.
function R.param(name)
  return make("param " .. name, { kind = "unknown", name = name, test = function() return true end })
end

function R.literal(value)
  local text = quote(value)
  return make("literal " .. text, { kind = "literal", text = text, value = value, test = function(v)
    return v == value and type(v) == type(value)
  end })
end

function R.optional(inner)
  local d = rawget(inner, D)
  if d.kind == "optional" or inner == R["nil"] or inner == R.any or inner == R.unknown then return inner end
  return make("(" .. d.key .. ")?", { kind = "optional", text = atom(inner) .. "?", inner = inner })
end

function R.union(members)
  local flat, seen, hasNil = {}, {}, false
  local function add(t)
    local d = rawget(t, D)
    if d.kind == "union" then
      for _, member in ipairs(d.members) do add(member) end
    elseif d.kind == "optional" then
      hasNil = true
      add(d.inner)
    elseif t == R["nil"] then hasNil = true
    elseif not seen[t] and t ~= R.never then
      seen[t] = true
      flat[#flat + 1] = t
    end
  end
  for _, member in ipairs(members) do add(member) end
  local t
  if #flat == 0 then return hasNil and R["nil"] or R.never end
  if #flat == 1 then t = flat[1]
  else
    -- The order of members shows in messages but does not make another type.
    local sorted = {}
    for i, member in ipairs(flat) do sorted[i] = rawget(member, D).key end
    table.sort(sorted)
    t = make("(" .. concat(sorted, " | ") .. ")", { kind = "union", text = keys(flat, " | ", atom), members = flat })
  end
  return hasNil and R.optional(t) or t
end

function R.intersection(members)
  if #members == 1 then return members[1] end
  return make("(" .. keys(members, " & ") .. ")", { kind = "intersection", text = keys(members, " & ", atom), members = members })
end

-- `optional` holds the names of fields that may be absent; `mapKey` and `mapValue` are for the other keys.
function R.record(names, types, optional, mapKey, mapValue)
  local byName, sorted, text = {}, {}, {}
  for i, name in ipairs(names) do
    local t = optional[name] and R.optional(types[i]) or types[i]
    types[i], byName[name] = t, t
    sorted[i] = quote(name) .. (optional[name] and "?: " or ": ") .. rawget(t, D).key
    text[i] = name .. (optional[name] and "?" or "") .. ": " .. (optional[name] and show(rawget(t, D).inner or t) or show(t))
  end
  table.sort(sorted)
  if mapKey then
    sorted[#sorted + 1] = "[" .. rawget(mapKey, D).key .. "]: " .. rawget(mapValue, D).key
    text[#text + 1] = "[" .. show(mapKey) .. "]: " .. show(mapValue)
  end
  return make("{" .. concat(sorted, ", ") .. "}", { kind = "record", text = "{" .. concat(text, ", ") .. "}", names = names,
    types = types, byName = byName, optional = optional, mapKey = mapKey, mapValue = mapValue })
end

function R.array(element)
  return make("{" .. rawget(element, D).key .. "}", { kind = "array", text = "{" .. show(element) .. "}", element = element })
end

function R.map(key, value)
  return make("{[" .. rawget(key, D).key .. "]: " .. rawget(value, D).key .. "}", { kind = "map",
    text = "{[" .. show(key) .. "]: " .. show(value) .. "}", mapKey = key, mapValue = value })
end

function R.tuple(members)
  return make("tuple(" .. keys(members, ", ") .. ")", { kind = "tuple", text = "(" .. keys(members, ", ", show) .. ")", members = members })
end

function R.func(params, vararg, ret)
  local key, text = keys(params, ", "), keys(params, ", ", show)
  if vararg then
    local dots = #params > 0 and ", ...: " or "...: "
    key, text = key .. dots .. rawget(vararg, D).key, text .. dots .. show(vararg)
  end
  return make("(" .. key .. ") -> " .. rawget(ret, D).key, { kind = "function", text = "(" .. text .. ") -> " .. show(ret), params = params,
    vararg = vararg, ret = ret, test = function(v) return type(v) == "function" end })
end
R["function"] = make("function", { kind = "function", name = "function", params = {}, vararg = R.any, ret = R.any,
  test = function(v) return type(v) == "function" end })

-- `rules` are {name, value} pairs.
function R.annotated(inner, rules)
  local d = rawget(inner, D)
  local key, text, copy = { d.key }, { show(inner) }, {}
  for i, rule in ipairs(rules) do
    key[i + 1] = "@" .. rule[1] .. "(" .. (rule[2] == nil and "" or quote(rule[2])) .. ")"
    text[i + 1] = key[i + 1]
  end
  for k, v in next, d do copy[k] = v end
  local all = {}
  for _, rule in ipairs(d.rules or {}) do all[#all + 1] = rule end
  for _, rule in ipairs(rules) do
    if rule[1] == "pattern" then rule = { "pattern", rule[2], R.regex(rule[2]) } end
    all[#all + 1] = rule
  end
  copy.rules, copy.name, copy.text, copy.plain, copy.base = all, nil, concat(text, " "), inner, d.base or inner
  copy.isPrimitive, copy.fits = nil, nil
  return make(concat(key, " "), copy)
end

function R.named(name, t)
  local d = rawget(t, D)
  if not d.name then d.name = name end
  return t
end

-- A recursive type before its parts exist; `key` spells its definition.
function R.open(key, name)
  return make(key, { kind = "open", name = name })
end

function R.close(t, built)
  local d = rawget(t, D)
  if d.kind ~= "open" then return t end
  local key, name = d.key, d.name
  for k, v in next, rawget(built, D) do rawset(d, k, v) end
  d.key, d.name, d.isRecursive = key, name, true
  return t
end

-- Generic types are told apart by where they are declared.
function R.generic(key, name, params, bounds, build)
  return make("generic " .. key, { kind = "generic", name = name, tparams = params, bounds = bounds, build = build })
end

function R.instantiate(generic, arguments)
  local d = rawget(generic, D)
  if d.kind ~= "generic" then return generic end
  local tail = "<" .. keys(arguments, ", ") .. ">"
  return make(d.key .. tail, { kind = "instantiated", name = d.name .. "<" .. keys(arguments, ", ", show) .. ">", generic = generic,
    arguments = arguments })
end

-- A type out of an imported table; what holds none (a built-in module) stays opaque.
function R.import(from, name, path)
  local t = type(from) == "table" and from[name]
  return data(t) and t or R.opaque(path)
end

-- The type behind an instance of a generic one, built when it is first asked for.
local function resolved(t)
  local d = rawget(t, D)
  while d.kind == "instantiated" do
    if not d.resolved then d.resolved = rawget(d.generic, D).build(table.unpack(d.arguments)) end
    d = rawget(d.resolved, D)
  end
  return d
end

local function join(part, rest)
  if not rest then return part end
  return part .. (library.byte(rest) == 91 and "" or ".") .. rest
end

local function violated(value, rules)
  for _, rule in ipairs(rules) do
    local name, limit = rule[1], rule[2]
    if type(value) == "number" then
      if name == "min" and not (value >= limit) then return "expected min " .. tostring(limit) .. ", got " .. tostring(value) end
      if name == "max" and not (value <= limit) then return "expected max " .. tostring(limit) .. ", got " .. tostring(value) end
    elseif type(value) == "string" or type(value) == "table" then
      if name == "min_len" and #value < limit then return "expected length at least " .. limit .. ", got length " .. #value end
      if name == "max_len" and #value > limit then return "expected length at most " .. limit .. ", got length " .. #value end
      if name == "pattern" and type(value) == "string" and not rule[3](value) then
        return "does not match pattern " .. quote(limit)
      end
    end
  end
end

-- What is wrong with a value and where, or nil. `open` holds values under examination by recursive types.
local check

-- A union is spelled out: its name alone would not say what is allowed.
local function mismatch(t, value)
  local d = rawget(t, D)
  return "expected " .. (d.kind == "union" and d.text or show(t)) .. ", got " .. got(value)
end

local function checkRecord(d, t, value, open)
  if type(value) ~= "table" or data(value) then return mismatch(t, value) end
  for i, name in ipairs(d.names) do
    local message, path = check(d.types[i], value[name], open)
    if message then return message, join(name, path) end
  end
  if d.mapKey then
    for k, v in next, value do
      if not d.byName[k] then
        local message, path = check(d.mapKey, k, open)
        if message then return message, "[" .. tostring(k) .. "]" end
        message, path = check(d.mapValue, v, open)
        if message then return message, join("[" .. tostring(k) .. "]", path) end
      end
    end
  end
end

local function checkArray(d, t, value, open)
  if type(value) ~= "table" or data(value) then return mismatch(t, value) end
  local count, n = #value, 0
  for i = 1, count do
    local message, path = check(d.element, value[i], open)
    if message then return message, join("[" .. i .. "]", path) end
  end
  for k in next, value do
    if mathtype(k) ~= "integer" or k < 1 or k > count then return mismatch(t, value) end
    n = n + 1
  end
end

local function checkMap(d, t, value, open)
  if type(value) ~= "table" or data(value) then return mismatch(t, value) end
  for k, v in next, value do
    local message, path = check(d.mapKey, k, open)
    if message then return message, "[" .. tostring(k) .. "]" end
    message, path = check(d.mapValue, v, open)
    if message then return message, join("[" .. tostring(k) .. "]", path) end
  end
end

function check(t, value, open)
  local d = resolved(t)
  local kind = d.kind
  if d.isRecursive and type(value) == "table" then
    -- A value that contains itself is as good as its parts.
    local seen = open[d]
    if not seen then
      seen = {}
      open[d] = seen
    end
    if seen[value] then return nil end
    seen[value] = true
    local message, path
    if kind == "record" then message, path = checkRecord(d, t, value, open)
    elseif kind == "array" then message, path = checkArray(d, t, value, open)
    elseif kind == "map" then message, path = checkMap(d, t, value, open) end
    seen[value] = nil
    if message then return message, path end
    if kind == "record" or kind == "array" or kind == "map" then return d.rules and violated(value, d.rules) end
  end
  local message, path
  if d.test then
    if not d.test(value) then return mismatch(d.plain or t, value) end
  elseif kind == "optional" then
    if value == nil then return nil end
    message, path = check(d.inner, value, open)
    if message then
      if path or resolved(d.inner).rules then return message, path end
      return mismatch(t, value)
    end
  elseif kind == "union" then
    local rule, rulePath
    for _, member in ipairs(d.members) do
      local text, at = check(member, value, open)
      if not text then return d.rules and violated(value, d.rules) end
      -- The one member of the right type whose validator refused says more than the whole union.
      if resolved(member).rules and not check(resolved(member).plain, value, open) then rule, rulePath = text, at end
    end
    if rule then return rule, rulePath end
    return mismatch(t, value)
  elseif kind == "intersection" then
    for _, member in ipairs(d.members) do
      message, path = check(member, value, open)
      if message then return message, path end
    end
  elseif kind == "record" then message, path = checkRecord(d, t, value, open)
  elseif kind == "array" then message, path = checkArray(d, d.plain or t, value, open)
  elseif kind == "map" then message, path = checkMap(d, t, value, open)
  else return mismatch(t, value) end
  if message then return message, path end
  if d.rules then return violated(value, d.rules) end
end

-- A test that says yes to what fits a type, as fast as can be; what it says no to is for `check` to judge and explain.
-- A type gets none inside of itself: a value may contain itself.
local fitting

local function refuse() return false end

-- `fields` are the names, `types` their types: a basic type is compared by its name, all others by their own test.
local function fittingRecord(names, types)
  local n, basic, tests = #names, {}, {}
  for i = 1, n do
    local d = resolved(types[i])
    local kind = not d.rules and d.kind
    if kind == "string" or kind == "number" or kind == "boolean" then basic[i] = kind
    else basic[i], tests[i] = false, fitting(d) end
  end
  return function(value)
    if type(value) ~= "table" or rawget(value, D) then return false end
    for i = 1, n do
      local field, kind = value[names[i]], basic[i]
      if kind then
        if type(field) ~= kind then return false end
      elseif not tests[i](field) then return false end
    end
    return true
  end
end

local function fittingArray(d)
  local element = resolved(d.element)
  local kind = not element.rules and element.kind
  if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then kind = false end
  local test = not kind and fitting(element)
  return function(value)
    if type(value) ~= "table" or rawget(value, D) then return false end
    local count, n = #value, 0
    for k, v in next, value do
      if mathtype(k) ~= "integer" or k < 1 or k > count then return false end
      if kind then
        if type(v) ~= kind then return false end
      elseif not test(v) then return false end
      n = n + 1
    end
    -- A hole, or elements that a metatable answers for.
    return n == count
  end
end

local function fittingMap(d)
  local keyFits, valueFits = fitting(resolved(d.mapKey)), fitting(resolved(d.mapValue))
  return function(value)
    if type(value) ~= "table" or rawget(value, D) then return false end
    for k, v in next, value do if not (keyFits(k) and valueFits(v)) then return false end end
    return true
  end
end

local function fittingShape(d)
  local kind = d.kind
  if d.test then
    if kind == "string" or kind == "number" or kind == "boolean" then return function(v) return type(v) == kind end end
    if kind == "integer" then
      local test = d.test
      return function(v) return mathtype(v) == "integer" or test(v) end
    end
    return d.test
  end
  if kind == "record" and not d.mapKey then return fittingRecord(d.names, d.types) end
  if kind == "array" then return fittingArray(d) end
  if kind == "map" then return fittingMap(d) end
  if kind == "optional" then
    local inner = fitting(resolved(d.inner))
    return function(v) return v == nil or inner(v) end
  end
  if kind == "union" then
    local tests = {}
    for i, member in ipairs(d.members) do tests[i] = fitting(resolved(member)) end
    return function(v)
      for i = 1, #tests do if tests[i](v) then return true end end
      return false
    end
  end
  return refuse
end

-- Types inside types that get tests; a generic type may unfold for ever.
local UNFOLDED_MAX = 12
local unfolded = 0

function fitting(d)
  if d.fits then return d.fits end
  if d.isRecursive or d.kind == "open" or unfolded > UNFOLDED_MAX then return refuse end
  d.fits = refuse -- for itself, inside of itself
  unfolded = unfolded + 1
  local shape, rules = fittingShape(d), d.rules
  unfolded = unfolded - 1
  d.fits = rules and function(v) return shape(v) and not violated(v, rules) end or shape
  return d.fits
end

local function complaint(t, value)
  local d = resolved(t)
  if (d.fits or fitting(d))(value) then return nil end
  local message, path = check(t, value, {})
  return message and (path and path .. ": " .. message or message)
end

-- Whether `a` is a subtype of `b`; `assumed` ends the comparison of recursive types.
local function subtype(a, b, assumed)
  if rawequal(a, b) then return true end
  local da, db = resolved(a), resolved(b)
  if da == db or db.kind == "any" or db.kind == "unknown" or da.kind == "never" then return true end
  local pair = da.key .. " <: " .. db.key
  if assumed[pair] then return true end
  assumed[pair] = true
  if da.rules then return subtype(da.plain, b, assumed) end
  if db.rules then return false end
  if da.kind == "union" then
    for _, member in ipairs(da.members) do if not subtype(member, b, assumed) then return false end end
    return true
  end
  if da.kind == "optional" then return subtype(R["nil"], b, assumed) and subtype(da.inner, b, assumed) end
  if db.kind == "union" then
    for _, member in ipairs(db.members) do if subtype(a, member, assumed) then return true end end
    return false
  end
  if db.kind == "optional" then return da.kind == "nil" or subtype(a, db.inner, assumed) end
  if db.kind == "intersection" then
    for _, member in ipairs(db.members) do if not subtype(a, member, assumed) then return false end end
    return true
  end
  if da.kind == "intersection" then
    for _, member in ipairs(da.members) do if subtype(member, b, assumed) then return true end end
    return false
  end
  if da.kind == "integer" then return db.kind == "number" end
  if da.kind == "literal" then
    local v = da.value
    return db.isPrimitive == true and db.test(v)
  end
  if da.kind == "record" and db.kind == "record" then
    for i, name in ipairs(db.names) do
      local field = da.byName[name]
      -- Fields can be written to, so their types must be the same.
      if field then
        if not rawequal(field, db.types[i]) then return false end
      elseif not (db.optional and db.optional[name]) then return false end
    end
    return #db.names > 0 or not db.test
  end
  if da.kind == "function" and db.kind == "function" then
    if b == R["function"] then return true end
    for i, param in ipairs(da.params) do
      local given = db.params[i] or db.vararg or R["nil"]
      if not subtype(given, param, assumed) then return false end
    end
    return subtype(da.ret, db.ret, assumed)
  end
  if da.kind == "tuple" and db.kind == "tuple" and #da.members == #db.members then
    for i, member in ipairs(da.members) do if not subtype(member, db.members[i], assumed) then return false end end
    return true
  end
  return db == rawget(R.table, D) and (da.kind == "record" or da.kind == "array" or da.kind == "map") and not da.test
end

local function iterate(list)
  local i = 0
  return function()
    i = i + 1
    return list[i]
  end
end

function methods.kind(t) return rawget(t, D).kind end
function methods.name(t) return rawget(t, D).name end
function methods.elem(t) return resolved(t).element end
function methods.key(t) local d = resolved(t) return d.kind == "map" and d.mapKey or nil end
function methods.val(t) local d = resolved(t) return d.kind == "map" and d.mapValue or nil end
function methods.inner(t) return resolved(t).inner end
function methods.ret(t) return resolved(t).ret end
function methods.params(t)
  local d = resolved(t)
  return d.params and iterate(d.params) or nil
end
function methods.variants(t)
  local d = resolved(t)
  return d.kind == "union" and iterate(d.members) or nil
end
function methods.fields(t)
  local d, i = resolved(t), 0
  if d.kind ~= "record" then return nil end
  return function()
    i = i + 1
    return d.names[i], d.types[i]
  end
end
function methods.tparams(t)
  local d, i = rawget(t, D), 0
  if d.kind ~= "generic" then return nil end
  local bounds = d.bounds()
  return function()
    i = i + 1
    return d.tparams[i], bounds[i]
  end
end
-- Works as `T:is(v)` and as `T.is(v)`, hence bound to its type.
function methods.is(t)
  local d = rawget(t, D)
  if not d.is then
    d.is = function(...)
      local value = ...
      if rawequal(value, t) then value = select(2, ...) end
      local message = complaint(t, value)
      if message then return nil, message end
      return value, nil
    end
  end
  return d.is
end

local function call(t, ...)
  local n = select("#", ...)
  local d = rawget(t, D)
  if n == 1 and d.fits and d.fits((...)) then return (...) end
  local areTypes = n > 0
  for i = 1, n do areTypes = areTypes and data((select(i, ...))) ~= nil end
  if d.kind == "generic" then
    if n == 0 then error("type " .. show(t) .. " expects at least 1 argument", 2) end
    if not areTypes then error("type " .. show(t) .. " is generic: it takes types, got " .. got((...)), 2) end
    if n ~= #d.tparams then error("type " .. show(t) .. " expects " .. #d.tparams .. " type arguments, got " .. n, 2) end
    for i, bound in next, d.bounds() do
      local given = select(i, ...)
      if not subtype(given, bound, {}) then error("type argument " .. i .. " of " .. show(t) .. ": expected " .. show(bound) .. ", got " .. show(given), 2) end
    end
    return R.instantiate(t, { ... })
  end
  if n == 0 then error("type " .. show(t) .. " expects at least 1 argument", 2) end
  local value = ...
  local message = n == 1 and complaint(t, value)
  if areTypes and (n > 1 or message) then error("type " .. show(t) .. " is not generic", 2) end
  if n > 1 then error("type " .. show(t) .. " expects 1 argument, got " .. n, 2) end
  if message then error(message, 2) end
  return value
end

-- A field called like a method: as a value it is the field's type, called with its owner it is the method.
local function ambiguous(owner, name, field)
  local d = rawget(owner, D)
  d.proxies = d.proxies or {}
  local proxy = d.proxies[name]
  if not proxy then
    proxy = setmetatable({ [D] = rawget(field, D) }, {
      __metatable = "type", __index = meta.__index, __newindex = meta.__newindex, __eq = meta.__eq, __le = meta.__le,
      __lt = meta.__lt, __tostring = meta.__tostring,
      __call = function(_, first, ...)
        if not rawequal(first, owner) then return call(field, first, ...) end
        if name == "is" then return methods.is(owner)(owner, ...) end
        return methods[name](owner)
      end,
    })
    d.proxies[name] = proxy
  end
  return proxy
end

function meta.__index(t, name)
  local d = resolved(t)
  local field = d.byName and d.byName[name]
  local method = methods[name]
  if field then return method and ambiguous(t, name, field) or field end
  if not method then return d == rawget(R.string, D) and library[name] or nil end
  return name == "is" and method(t) or method
end
function meta.__newindex(t) error("type " .. show(t) .. " can't be changed", 2) end
function meta.__eq(a, b) return data(a) == data(b) end
function meta.__le(a, b)
  if not (data(a) and data(b)) then error("a type can be compared with types only", 2) end
  return subtype(a, b, {})
end
function meta.__lt(a, b)
  if not (data(a) and data(b)) then error("a type can be compared with types only", 2) end
  return data(a) ~= data(b) and subtype(a, b, {}) and not subtype(b, a, {})
end
function meta.__tostring(t) return show(t) end
meta.__call = call

R.Number, R.Integer, R.String, R.Boolean = R.number, R.integer, R.string, R.boolean
R.Any, R.Unknown, R.Never, R.Nil = R.any, R.unknown, R.never, R["nil"]
