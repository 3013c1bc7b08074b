local out = {}
local function put(...) for i = 1, select("#", ...) do out[#out + 1] = tostring((select(i, ...))) end end
local function varargs(...) local a, b = ... return select("#", ...), a, b, ... end
put(varargs()) put(varargs(nil)) put(varargs(1, 2, 3)) put((varargs(1, 2)))
local fns = {}
for i = 1, 3 do local j = i fns[i] = function() j = j + i return j end end
put(fns[1](), fns[1](), fns[2](), fns[3]())
local function fact(n) if n <= 1 then return 1 end return n * fact(n - 1) end
local function loop(n, acc) if n == 0 then return acc end return loop(n - 1, acc + n) end
put(fact(20), loop(100000, 0))
for i = 1, 3 do for j = 1, 3 do if j == 2 then goto next end put(i .. j) ::next:: end end
do local k = 0 ::top:: k = k + 1 if k < 5 then goto top end put(k) end
local i = 0
repeat local done = i >= 3 i = i + 1 until done
put(i)
while true do i = i - 1 if i < 0 then break end end
put(i, not nil, nil and 1, false or "d", 1 and 2, nil == false)
put(pcall(error)) put(pcall(error, nil)) put(pcall(error, "m", 0)) put(pcall(error, { 1 }) == false)
put(select("#", pcall(error, "x")), xpcall(function() error("deep", 0) end, function(m) return "handled " .. m end))
put(pcall(pcall)) put(pcall(pcall, error, "e"))
local co = coroutine.create(function(a, b)
  local c = coroutine.yield(a + b)
  local d, e = coroutine.yield(c * 2)
  error("end " .. d .. e, 0)
end)
put(coroutine.resume(co, 1, 2)) put(coroutine.resume(co, 10)) put(coroutine.resume(co, "x", "y")) put(coroutine.resume(co)) put(coroutine.status(co))
local gen = coroutine.wrap(function() for n = 1, 3 do coroutine.yield(n) end return "last" end)
put(gen(), gen(), gen(), gen()) put(pcall(gen))
put(coroutine.wrap(function() return pcall(function() coroutine.yield("inside pcall") return "after" end) end)())
local perm = coroutine.wrap(function()
  local function go(a, n)
    if n == 0 then coroutine.yield(table.concat(a)) else
      for k = 1, n do a[k], a[n] = a[n], a[k] go(a, n - 1) a[k], a[n] = a[n], a[k] end
    end
  end
  go({ "a", "b", "c" }, 3)
end)
for p in perm do put(p) end
do
  local order = {}
  do
    local a <close> = setmetatable({}, { __close = function() order[#order + 1] = "a" end })
    local b <close> = setmetatable({}, { __close = function(_, e) order[#order + 1] = "b" .. tostring(e) end })
    local c <const> = 5
    order[#order + 1] = c
  end
  pcall(function() local x <close> = setmetatable({}, { __close = function(_, e) order[#order + 1] = e end }) error("err", 0) end)
  put(table.concat(order, ","))
end
local meta = setmetatable({}, { __index = function(_, k) return coroutine.yield(k) end, __add = function(a, b) return coroutine.yield("add") end })
local mw = coroutine.wrap(function() return meta.key, meta + 1 end)
put(mw(), mw("v1"), mw("v2"))
local it = coroutine.wrap(function() for v in function(_, c) c = (c or 0) + 1 coroutine.yield("it" .. c) if c < 3 then return c end end do end return "over" end)
put(it(), it(), it(), it())
local sorted = {}
for n in pairs({ z = 1, y = 2, x = 3 }) do sorted[#sorted + 1] = n end
table.sort(sorted) put(table.concat(sorted))
return table.concat(out, "|")
