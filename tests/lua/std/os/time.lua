test("time without a table is now, a float that is whole [os.time]", function()
  local now = os.time()
  assert(math.type(now) == "float" and now == math.floor(now) and now > 1.7e9)
end)

test("time of a table is local time; what is missing is today or midnight [os.time]", function()
  local t = os.time({ year = 2024, month = 12, day = 25, hour = 10, min = 30, sec = 5 })
  assert(os.date("%Y-%m-%d %H:%M:%S", t) == "2024-12-25 10:30:05")
  assert(os.date("%H:%M:%S", os.time({ year = 2024, month = 6, day = 15 })) == "00:00:00")
  local first = os.date("*t", os.time({ day = 1 }))
  local today = os.date("*t")
  assert(first.day == 1 and first.year == today.year and first.month == today.month)
  assert(os.date("%Y-%m-%d", os.time({ year = 2024, month = 14, day = 0 })) == "2025-01-31", "parts carry over")
  assert(not pcall(os.time, { year = "x" }))
  assert(not pcall(os.time, 5))
end)

test("date writes every specifier [os.date]", function()
  local t = 1718461845 -- 2024-06-15 14:30:45 UTC, a Saturday
  local cases = {
    ["%Y"] = "2024", ["%y"] = "24", ["%m"] = "06", ["%d"] = "15", ["%H"] = "14", ["%I"] = "02", ["%M"] = "30",
    ["%S"] = "45", ["%p"] = "PM", ["%A"] = "Saturday", ["%a"] = "Sat", ["%B"] = "June", ["%b"] = "Jun",
    ["%w"] = "6", ["%j"] = "167", ["%U"] = "24", ["%z"] = "+0000", ["%Z"] = "UTC",
    ["%c"] = "Sat Jun 15 14:30:45 2024", ["%x"] = "06/15/24", ["%X"] = "14:30:45", ["%%"] = "%",
    ["at %H:%M, %d"] = "at 14:30, 15",
  }
  for format, text in pairs(cases) do
    assert(os.date("!" .. format, t) == text, format .. " gave " .. os.date("!" .. format, t))
  end
  assert(os.date("!%I %p", 0) == "12 AM" and os.date("!%w", 1718496000) == "0")
  assert(#os.date() >= 24, "the default is %c, now")
end)

test("date weeks are those of ISO 8601 [base.os]", function()
  assert(os.date("!%U", 1609632000) == "53", "2021-01-03 belongs to week 53")
  assert(os.date("!%U", 1609718400) == "01")
  assert(math.type(os.time()) == "float")
  assert(os.date("!*t", 0).isdst == false)
end)

test("date tables have their fields [os.date.table]", function()
  local t = os.date("!*t", 1718461845)
  assert(t.year == 2024 and t.month == 6 and t.day == 15 and t.hour == 14 and t.min == 30 and t.sec == 45)
  assert(t.wday == 7 and t.yday == 167 and t.isdst == false)
  assert(os.time(os.date("*t", 1718461845)) == 1718461845)
end)

test("clock, difftime and platform [os.misc]", function()
  local start = os.clock()
  for _ = 1, 1000 do end
  assert(os.clock() >= start and math.type(start) == "float")
  assert(os.difftime(10, 4) == 6 and os.difftime(4, 10) == -6)
  assert(os.platform == "wippy")
end)

test("nothing else of os exists", function()
  for _, name in ipairs({ "execute", "exit", "remove", "rename", "tmpname", "getenv" }) do assert(os[name] == nil, name) end
  assert(require("os") == os)
end)
