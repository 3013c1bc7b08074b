-- A little of all that many programs do.
local json = require("json")
local time = require("time")

local Account = {}
Account.__index = Account
Account.__tostring = function(account) return "account " .. account.name end
Account.__eq = function(one, other) return one.name == other.name end

function Account.new(name, balance)
  return setmetatable({name = name, balance = balance or 0}, Account)
end

function Account:deposit(amount)
  if type(amount) ~= "number" then error({code = 1}) end
  self.balance = self.balance + amount
  return self
end

local function words(text)
  local counts = {}
  for word in text:gmatch("%a+") do
    word = word:lower()
    counts[word] = (counts[word] or 0) + 1
  end
  return counts
end

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

local function sum(...)
  local total = 0
  for i = 1, select("#", ...) do total = total + (select(i, ...)) end
  return total
end

local function texts(add)
  local sorted = {}
  for word, count in pairs(words("The quick brown fox jumps over the lazy dog; the end.")) do
    sorted[#sorted + 1] = word .. "=" .. count
  end
  table.sort(sorted)
  table.sort(sorted, function(one, other) return one > other end)
  add(table.concat(sorted, ", "))
  add(string.format("%5d|%-8s|%.2f|%x|%q|%s|%g", 42, "left", 3.14159, 255, "q\n", true, 0.1))
  add((("a,b,c"):gsub(",", ";")))
  add(("key = value"):match("^(%w+)%s*=%s*(%w+)$"))
  add(("hello"):upper():sub(2, -2):rep(3, "-"):reverse())
  add(("x"):byte() + #"äö" + #string.char(65, 66) + ("abc"):find("b", 1, true))
  add(tostring(nil) .. tostring(1.5) .. tostring(10 // 3) .. 10 / 4)
end

local function numbers(add)
  add(math.floor(3.7) + math.max(1, 2, 3) - math.min(4, 5) + math.abs(-3) + math.ceil(2.1))
  add(7 // 2 + 7 % 3 + 2 ^ 10 + (7 & 3) + (1 << 4) + math.sqrt(2) + math.pi)
  add(10 / 3 + 1e15 - 0.5)
  math.randomseed(7)
  add(math.random(1, 100) + math.random())
  add(tonumber("12") + tonumber("0x1f") + tonumber("3.5") + tonumber("zz", 36))
  for i = 10, 1, -3 do
    if i == 4 then goto skip end
    add(i)
    ::skip::
  end
  local i = 0
  repeat
    i = i + 1
    if i == 3 then break end
  until i > 5
  while i > 0 do i = i - 1 end
end

local function tables(add)
  local account = Account.new("ada", 10):deposit(5.5)
  add(tostring(account) .. " " .. account.balance)
  add(Account.new("x") == Account.new("x"))
  local list = {1, 2, 3, table.unpack({4, 5})}
  table.insert(list, 1, "first")
  table.remove(list)
  table.remove(list, 1)
  add(table.concat(list, ", ") .. table.pack(1, 2).n .. sum(1, 2, 3) .. fib(12))
  add(next({}))
  local grown = {}
  for n = 1, 20000 do grown[n] = {n, tostring(n)} end
  for n = 1, 20000, 2 do grown[n] = nil end
  local named = {}
  for n = 1, 20000 do named["k" .. n] = n end
  for n = 1, 20000 do named["k" .. n] = nil end
  local weak = setmetatable({}, {__mode = "k"})
  for n = 1, 1000 do weak[{n}] = n end
  for n = 1, 20000 do grown[n] = {n} end
end

local function failures(add)
  local account = Account.new("ada")
  local is_fine, problem = pcall(account.deposit, account, "x")
  add(tostring(is_fine) .. problem.code)
  add(select(2, pcall(error, "plain")))
  add(select(2, pcall(function()
    local none = nil;
    return none.x
  end)))
  add(select(2, pcall(function() return 1 + {} end)))
  local made = errors.new({message = "m", kind = errors.NOT_FOUND, details = {a = 1}})
  add(made:kind() .. tostring(made))
end

local function texts_of_data(add)
  local text = json.encode({
    list = {1, 2.5, 'x\n"ä'},
    map = {a = true, b = false},
    none = json.null
  })
  add(text)
  add(json.decode(text).list[2])
  add(json.decode('[1,"\\u00e4",{"k":null}]')[2])
  add(select(2, json.decode("{bad")) ~= nil)
end

local function others(add)
  local step = coroutine.wrap(function(x)
    local y = coroutine.yield(x + 1)
    return y * 2
  end)
  add(step(1) + step(10))
  local items = channel.new(2)
  coroutine.spawn(function()
    items:send(1)
    items:send({2})
    items:close()
  end)
  while true do
    local item, is_open = items:receive()
    if not is_open then break end
    add(type(item))
  end
  add(channel.select({time.after("1ms"):case_receive(), channel.new():case_receive()}).ok)
  time.sleep("1ms")
  add(time.now():format("2006") ~= nil)
  local pid = process.spawn_monitored("typical:counter", "typical:host")
  local answers = process.listen("answer")
  for number = 1, 3 do
    process.send(pid, "ask", {from = process.pid(), number = number})
    add(answers:receive().got)
  end
  add(process.events():receive().kind)
  add(assert(os.time()) > 0)
end

return {
  main = function()
    local out = {}
    local function add(value) out[#out + 1] = value end
    for _, part in ipairs({others, texts, numbers, failures, texts_of_data, tables}) do
      part(add)
    end
    return out
  end,
}
