local out = {}
local function put(...) for i = 1, select("#", ...) do out[#out + 1] = tostring((select(i, ...))) end end
local t = { 10, 20, 30, x = 1, [4] = 40, [2.0] = 25 }
put(#t, t[2], t.x, rawget(t, "y"), next({}))
table.insert(t, 50) table.insert(t, 1, 5)
put(table.concat(t, ","), table.remove(t), table.remove(t, 1), table.concat(t, ",", 2, 3))
put(table.unpack({ 1, nil, 3 }, 1, 3))
put(table.pack(1, nil).n, #table.pack())
put(table.concat(table.move({ 1, 2, 3 }, 1, 3, 2), ","))
local words = { "pear", "apple", "fig", "banana" }
table.sort(words) put(table.concat(words, ","))
table.sort(words, function(a, b) return #a < #b or (#a == #b and a < b) end) put(table.concat(words, ","))
put(pcall(table.sort, { 1, "x", 2 }))
put(pcall(table.insert, { 1 }, 5, 1))
put(pcall(table.insert, { 1 }))
put(pcall(table.concat, { {} }))
local sum = 0
for i = 1, 100 do t[i] = i end
for i, v in ipairs(t) do sum = sum + i * v end
for i = 1, 100, 2 do t[i] = nil end
local n = 0
for _ in pairs(t) do n = n + 1 end
put(sum, n)
local log = {}
local proxy = setmetatable({}, {
  __index = function(_, k) log[#log + 1] = "get " .. tostring(k) return k end,
  __newindex = function(_, k, v) log[#log + 1] = "set " .. tostring(k) .. "=" .. tostring(v) end,
  __len = function() return 42 end,
  __call = function(_, a, b) return a + b end,
  __concat = function(a, b) return "cat" end,
  __unm = function() return "neg" end,
  __eq = function() return true end,
  __lt = function() return true end,
  __le = function() return false end,
  __tostring = function() return "proxy" end,
  __name = "Named",
  __pairs = function() return function(_, k) if not k then return 1, "only" end end, nil, nil end,
})
put(proxy.a, #proxy, proxy(1, 2), proxy .. "x", -proxy, proxy == setmetatable({}, getmetatable(proxy)), proxy < proxy, proxy <= proxy, tostring(proxy))
proxy.z = 9
for k, v in pairs(proxy) do put(k, v) end
put(table.concat(log, ";"))
local Animal = {} Animal.__index = Animal
function Animal.new(name) return setmetatable({ name = name }, Animal) end
function Animal:speak() return self.name .. " speaks" end
local Dog = setmetatable({}, { __index = Animal }) Dog.__index = Dog
function Dog.new(name) return setmetatable(Animal.new(name), Dog) end
function Dog:bark() return self:speak() .. " loudly" end
put(Dog.new("Rex"):bark())
put(pcall(function() local u = nil return u.field end))
put(pcall(function() return {} + 1 end))
put(pcall(function() return {} < {} end))
put(pcall(function() local q = {} q[nil] = 1 end))
put(pcall(function() local q = {} q[0/0] = 1 end))
put(pcall(next, {}, "absent"))
return table.concat(out, "|")
