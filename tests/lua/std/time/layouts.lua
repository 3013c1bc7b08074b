-- modules: time

local function moment(text) return assert(time.parse(time.RFC3339NANO, text)) end

test("format writes every element of a layout [time.t.format]", function()
  local t = moment("2024-03-05T04:07:09.012345678Z")
  local cases = {
    ["2006 06"] = "2024 24", ["January Jan 1 01"] = "March Mar 3 03", ["Monday Mon"] = "Tuesday Tue",
    ["2 _2 02"] = "5  5 05", ["002 __2"] = "065  65", ["15 3 03"] = "04 4 04", ["4 04 5 05"] = "7 07 9 09",
    ["PM pm"] = "AM am", ["MST -0700 -07:00 -07"] = "UTC +0000 +00:00 +00", ["Z07:00 Z0700 Z07"] = "Z Z Z",
    ["05.000 05.000000 05,000"] = "09.012 09.012345 09,012", ["05.999 05.9"] = "09.012 09",
    ["-070000 -07:00:00"] = "+000000 +00:00:00",
    ["Januaryx Janx Monx Jan_2"] = "Marchx Janx Monx Mar 5",
    ["at _2006 and 15h"] = "at _2024 and 04h", ["no elements"] = "no elements", [""] = "",
  }
  for layout, text in pairs(cases) do
    assert(t:format(layout) == text, ("%q gave %q, not %q"):format(layout, t:format(layout), text))
  end
  local east = t:in_location(time.fixed_zone("", 5 * 3600 + 30 * 60))
  assert(east:format("Z07:00 MST") == "+05:30 +0530")
  local west = t:in_location(time.fixed_zone("W", -(3 * 3600 + 1800)))
  assert(west:format("-0700 Z07:00 -07") == "-0330 -03:30 -03")
  assert(moment("2024-01-01T12:00:00Z"):format("3PM") == "12PM")
  assert(moment("2024-01-01T00:00:00Z"):format("3PM") == "12AM")
end)

test("format_rfc3339 writes the offset of the zone", function()
  local t = moment("2024-03-05T04:07:09Z"):in_location(time.fixed_zone("", -3600))
  assert(t:format_rfc3339() == "2024-03-05T03:07:09-01:00")
end)

test("parse reads what a layout writes [time.parse]", function()
  local cases = {
    { time.RFC3339, "2024-12-29T15:04:05Z", "2024-12-29T15:04:05Z" },
    { time.RFC3339, "2024-12-29T15:04:05+02:00", "2024-12-29T13:04:05Z" },
    { time.RFC3339, "2024-12-29T15:04:05.123456789Z", "2024-12-29T15:04:05.123456789Z" },
    { "2006-01-02", "2024-12-29", "2024-12-29T00:00:00Z" },
    { "15:04:05", "14:30:00", "0000-01-01T14:30:00Z" },
    { time.KITCHEN, "3:04PM", "0000-01-01T15:04:00Z" },
    { time.KITCHEN, "12:04AM", "0000-01-01T00:04:00Z" },
    { time.RFC1123, "Sun, 29 Dec 2024 15:04:05 UTC", "2024-12-29T15:04:05Z" },
    { time.RFC850, "Sunday, 29-Dec-24 15:04:05 UTC", "2024-12-29T15:04:05Z" },
    { time.RFC1123Z, "Sun, 29 Dec 2024 15:04:05 -0730", "2024-12-29T22:34:05Z" },
    { time.STAMP_MICRO, "Dec  9 15:04:05.000012", "0000-12-09T15:04:05.000012Z" },
    { "06 1 2 3 4 5 pm", "69 2 3 4 5 6 pm", "1969-02-03T16:05:06Z" },
    { "06", "68", "2068-01-01T00:00:00Z" },
    { "2006 002", "2024 060", "2024-02-29T00:00:00Z" },
    { "Jan 2 2006", "feb 3 2021", "2021-02-03T00:00:00Z" },
    { "2006-01-02 15:04:05 MST", "2024-12-29 14:30:00 UTC", "2024-12-29T14:30:00Z" },
    { "2006-01-02 MST", "2024-12-29 GMT+3", "2024-12-28T21:00:00Z" },
    { "02  Jan 2006", "05 Jan 2020", "2020-01-05T00:00:00Z" },
  }
  for _, case in ipairs(cases) do
    local t, err = time.parse(case[1], case[2])
    assert(t, err and err:message())
    assert(t:utc():format(time.RFC3339NANO) == case[3], case[2] .. " gave " .. t:utc():format(time.RFC3339NANO))
  end
  local est = assert(time.parse("2006-01-02 15:04:05 MST", "2024-12-29 14:30:00 EST"))
  assert(est:format("MST") == "EST" and est:hour() == 14)
end)

test("parse reads local text in a given zone", function()
  local ny = assert(time.load_location("America/New_York"))
  local t = assert(time.parse("2006-01-02 15:04", "2024-12-29 14:30", ny))
  assert(t:utc():format_rfc3339() == "2024-12-29T19:30:00Z")
  local est = assert(time.parse("2006-01-02 15:04 MST", "2024-07-01 14:30 EDT", ny))
  assert(est:utc():hour() == 18 and est:location():string() == "America/New_York")
  local offset = assert(time.parse("2006-01-02T15:04:05-07:00", "2024-07-01T14:30:00-04:00", ny))
  assert(offset:location():string() == "America/New_York")
end)

test("parse fails with Invalid and says what does not fit [time.errors]", function()
  local cases = {
    { time.RFC3339, "invalid" }, { time.RFC3339, "2024-13-29T15:04:05Z" }, { time.DATE_ONLY, "2024-02-30" },
    { time.DATE_ONLY, "2024-1-1" }, { time.DATE_ONLY, "2024-01-01x" }, { time.TIME_ONLY, "24:00:00" },
    { time.TIME_ONLY, "10:60:00" }, { "Mon", "Xyz" }, { "PM", "pm" }, { "MST", "ab" }, { "2006 002", "2023 366" },
    { "05.000", "05.12" }, { "-0700", "+9900" },
  }
  for _, case in ipairs(cases) do
    local t, err = time.parse(case[1], case[2])
    assert(t == nil, case[2])
    assert(err:kind() == errors.INVALID and err:retryable() == false)
    assert(err:message():find(case[2], 1, true))
  end
  local _, bad = time.parse_duration("7d")
  assert(bad:kind() == errors.INVALID and bad:retryable() == false)
  local _, empty = time.load_location("")
  assert(empty:kind() == errors.INVALID)
  local _, unknown = time.load_location("Unknown/Zone")
  assert(unknown:kind() == errors.NOT_FOUND and unknown:retryable() == false)
end)

test("load_location knows the zones of the world [time.load_location]", function()
  local t = moment("2024-07-01T12:00:00Z")
  local hours = { ["Asia/Tokyo"] = 21, ["Europe/London"] = 13, ["America/New_York"] = 8, ["UTC"] = 12 }
  for name, hour in pairs(hours) do
    local location = assert(time.load_location(name))
    assert(t:in_location(location):hour() == hour, name)
    assert(location:string() == name)
  end
  local winter = moment("2024-01-01T12:00:00Z"):in_location(assert(time.load_location("America/New_York")))
  assert(winter:format("15 MST") == "07 EST")
  for _, name in ipairs({ "+05:00", "../etc/passwd", "America/", "Nowhere" }) do
    assert(select(2, time.load_location(name)):kind() == errors.NOT_FOUND, name)
  end
end)

test("fixed_zone has one offset for ever [time.fixed_zone]", function()
  local ist = time.fixed_zone("IST", 5 * 3600 + 30 * 60)
  local t = time.date(2024, 1, 15, 12, 0, 0, 0, ist)
  assert(t:utc():format(time.TIME_ONLY) == "06:30:00")
  assert(ist:string() == "IST" and t:format("MST -0700") == "IST +0530")
end)

test("utc and localtz are values [time.locations]", function()
  assert(time.utc:string() == "UTC")
  assert(time.localtz:string() == "Local")
  assert(time.date(2024, 1, 1, 0, 0, 0, 0, time.localtz):equal(time.date(2024, 1, 1, 0, 0, 0, 0)))
  assert(time.utc == time.utc and time.utc ~= time.localtz)
end)
