-- modules: time

local function at(year, month, day, hour, min, sec, ns, loc)
  return time.date(year, month, day, hour, min, sec, ns, loc or time.utc)
end

test("now is the current time [time.now]", function()
  local t = time.now()
  assert(t:year() >= 2024 and t:unix() > 1700000000)
  assert(math.abs(t:unix() - os.time()) <= 1)
  assert(not time.now():before(t))
end)

test("date makes a time from its parts, local by default [time.date]", function()
  local t = at(2024, time.DECEMBER, 25, 10, 30, 0, 0)
  assert(t:format_rfc3339() == "2024-12-25T10:30:00Z")
  local ny = assert(time.load_location("America/New_York"))
  assert(at(2024, 1, 15, 14, 0, 0, 0, ny):utc():format_rfc3339() == "2024-01-15T19:00:00Z")
  assert(time.date(2024, 1, 15, 12, 0, 0, 0):location():string() == "Local")
  assert(at(2024, 13, 32, 25, 61, 61, 1000000001):format(time.RFC3339NANO) == "2025-02-02T02:02:02.000000001Z")
end)

test("date and unix need all their numbers [time.date.args]", function()
  assert(not pcall(time.date, 2024, 1, 1, 0, 0, 0))
  assert(not pcall(time.unix, 1))
  assert(not pcall(time.date, 2024, 1, 1, 0, 0, "x", 0))
end)

test("unix makes a time from the epoch [time.unix]", function()
  local t = time.unix(1703862245, 500000000)
  assert(t:utc():format(time.RFC3339NANO) == "2023-12-29T15:04:05.5Z")
  assert(t:unix() == 1703862245 and t:unix_nano() == 1703862245500000000)
  assert(time.unix(0, t:unix_nano()):equal(t), "nanoseconds carry over exactly")
  assert(time.unix(-1, 0):utc():format(time.DATE_TIME) == "1969-12-31 23:59:59")
  assert(time.unix(0, -1):utc():nanosecond() == 999999999)
end)

test("add takes numbers, texts and durations [time.t.add]", function()
  local t = at(2024, 2, 28, 23, 0, 0, 0)
  assert(t:add("24h"):format(time.DATE_ONLY) == "2024-02-29")
  assert(t:add(90 * time.MINUTE):format(time.DATE_TIME) == "2024-02-29 00:30:00")
  assert(t:add(assert(time.parse_duration("-1h30m"))):hour() == 21)
  assert(t:add("1ns"):nanosecond() == 1)
  local none, err = t:add("nonsense")
  assert(none == nil and err:kind() == errors.INVALID)
end)

test("sub gives the duration between two times [time.t.sub]", function()
  local a, b = at(2024, 1, 2, 0, 0, 0, 5), at(2024, 1, 1, 0, 0, 0, 0)
  assert(a:sub(b):nanoseconds() == 86400000000005)
  assert(b:sub(a):nanoseconds() == -86400000000005)
  assert(at(9000, 1, 1, 0, 0, 0, 0):sub(at(1, 1, 1, 0, 0, 0, 0)):nanoseconds() == math.maxinteger, "clamped")
end)

test("add_date follows the calendar [time.t.add_date]", function()
  local t = at(2024, 1, 31, 12, 0, 0, 0)
  assert(t:add_date(0, 1, 0):format(time.DATE_ONLY) == "2024-03-02")
  assert(t:add_date(1, 0, 0):format(time.DATE_ONLY) == "2025-01-31")
  assert(t:add_date(0, 0, -31):format(time.DATE_ONLY) == "2023-12-31")
  assert(t:add_date(0, -12, 1):format(time.DATE_ONLY) == "2023-02-01")
  local ny = assert(time.load_location("America/New_York"))
  local before = at(2024, 3, 9, 12, 0, 0, 0, ny)
  assert(before:add_date(0, 0, 1):hour() == 12, "the hour stays across a change of offset")
  assert(before:add("24h"):hour() == 13)
end)

test("times compare by moment, whatever their zone [time.t.compare]", function()
  local a, b = at(2024, 1, 1, 0, 0, 0, 0), at(2024, 1, 1, 0, 0, 0, 1)
  assert(a:before(b) and b:after(a) and not a:equal(b) and not a:after(b))
  assert(a < b and b > a and a <= b and a ~= b)
  local tokyo = a:in_location(assert(time.load_location("Asia/Tokyo")))
  assert(a:equal(tokyo) and a == tokyo)
end)

test("components are those of the zone it is shown in [time.t.components]", function()
  local t = at(2024, 12, 31, 23, 59, 58, 7)
  local year, month, day = t:date()
  assert(year == 2024 and month == 12 and day == 31)
  local hour, min, sec = t:clock()
  assert(hour == 23 and min == 59 and sec == 58)
  assert(t:year() == 2024 and t:month() == 12 and t:day() == 31)
  assert(t:hour() == 23 and t:minute() == 59 and t:second() == 58 and t:nanosecond() == 7)
  assert(t:weekday() == time.TUESDAY and t:year_day() == 366)
  assert(at(2024, 12, 29, 0, 0, 0, 0):weekday() == 0)
  assert(math.type(t:year()) == "integer")
  assert(not t:is_zero() and at(1, 1, 1, 0, 0, 0, 0):is_zero())
  assert(t:in_location(time.fixed_zone("X", 3600)):year() == 2025)
end)

test("unix and unix_nano are integers [time.t.unix]", function()
  local t = at(2024, 1, 1, 0, 0, 0, 123456789)
  assert(t:unix() == 1704067200 and math.type(t:unix()) == "integer")
  assert(t:unix_nano() == 1704067200123456789 and math.type(t:unix_nano()) == "integer")
end)

test("zones change how a time is shown, not what it is [time.t.zone]", function()
  local t = at(2024, 7, 1, 12, 0, 0, 0)
  local ny = assert(time.load_location("America/New_York"))
  local there = t:in_location(ny)
  assert(there:hour() == 8 and there:unix() == t:unix())
  assert(there:location():string() == "America/New_York")
  assert(t:location():string() == "UTC" and tostring(t:location()) == "UTC")
  assert(there:utc():hour() == 12 and there:utc():location():string() == "UTC")
  assert(t:in_local():location():string() == "Local")
end)

test("round and truncate go to multiples, and take durations only [time.t.round]", function()
  local t = at(2024, 1, 1, 10, 37, 30, 0)
  local function d(text) return assert(time.parse_duration(text)) end
  assert(t:truncate(d("1h")):format(time.TIME_ONLY) == "10:00:00")
  assert(t:round(d("1h")):format(time.TIME_ONLY) == "11:00:00")
  assert(t:truncate(d("15m")):format(time.TIME_ONLY) == "10:30:00")
  assert(t:round(d("1m")):format(time.TIME_ONLY) == "10:38:00", "halves go up")
  assert(t:round(d("0s")):equal(t) and t:truncate(d("-1h")):equal(t))
  assert(not pcall(t.round, t, "1h"))
  assert(not pcall(t.truncate, t, time.HOUR))
end)

test("tostring writes date, time, offset and zone [time.time.tostring]", function()
  assert(tostring(at(2024, 1, 15, 10, 30, 0, 0)) == "2024-01-15 10:30:00 +0000 UTC")
  assert(tostring(at(2024, 1, 15, 10, 30, 0, 120000000)) == "2024-01-15 10:30:00.12 +0000 UTC")
  assert(tostring(at(2024, 1, 15, 10, 30, 0, 0, time.fixed_zone("IST", 19800))) == "2024-01-15 10:30:00 +0530 IST")
  local berlin = assert(time.load_location("Europe/Berlin"))
  assert(tostring(at(2024, 7, 1, 0, 0, 0, 0, berlin)) == "2024-07-01 00:00:00 +0200 CEST")
end)

test("constants have their values [time.constants.units]", function()
  assert(time.NANOSECOND == 1 and time.MICROSECOND == 1000 and time.MILLISECOND == 1000000)
  assert(time.SECOND == 1000000000 and time.MINUTE == 60 * time.SECOND and time.HOUR == 3600 * time.SECOND)
  assert(math.type(time.HOUR) == "integer")
end)

test("months and weekdays have their numbers [time.constants.calendar]", function()
  assert(time.JANUARY == 1 and time.FEBRUARY == 2 and time.JUNE == 6 and time.JULY == 7 and time.DECEMBER == 12)
  assert(time.SUNDAY == 0 and time.MONDAY == 1 and time.SATURDAY == 6)
end)

test("layouts have their texts [time.constants.layouts]", function()
  local t = at(2024, 3, 5, 15, 4, 5, 60070080)
  local expected = {
    RFC3339 = "2024-03-05T15:04:05Z", RFC3339NANO = "2024-03-05T15:04:05.06007008Z",
    RFC822 = "05 Mar 24 15:04 UTC", RFC822Z = "05 Mar 24 15:04 +0000",
    RFC850 = "Tuesday, 05-Mar-24 15:04:05 UTC",
    RFC1123 = "Tue, 05 Mar 2024 15:04:05 UTC", RFC1123Z = "Tue, 05 Mar 2024 15:04:05 +0000",
    DATE_TIME = "2024-03-05 15:04:05", DATE_ONLY = "2024-03-05", TIME_ONLY = "15:04:05", KITCHEN = "3:04PM",
    STAMP = "Mar  5 15:04:05", STAMP_MILLI = "Mar  5 15:04:05.060", STAMP_MICRO = "Mar  5 15:04:05.060070",
    STAMP_NANO = "Mar  5 15:04:05.060070080",
  }
  for name, text in pairs(expected) do
    assert(t:format(time[name]) == text, name .. ": " .. t:format(time[name]))
  end
end)

test("objects have type userdata and print their type's values [time.types]", function()
  assert(type(time.now()) == "userdata" and type(time.utc) == "userdata")
  local timer = assert(time.timer("1h"))
  assert(tostring(timer):find("time.Timer", 1, true))
  timer:stop()
end)
