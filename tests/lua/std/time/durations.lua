-- modules: time

local function d(value) return assert(time.parse_duration(value)) end

test("parse_duration reads texts, numbers and durations [time.parse_duration]", function()
  assert(d("1h30m45s"):seconds() == 5445)
  assert(d("500ms"):nanoseconds() == 500000000)
  assert(d(time.SECOND):seconds() == 1)
  assert(d(5 * time.MINUTE):minutes() == 5)
  assert(d(d("2s")):seconds() == 2)
  assert(d(1500.9):nanoseconds() == 1500)
  for _, bad in ipairs({ "", "1", "abc", "1x", "-", "1h-1m", ".s", {}, true }) do
    local value, err = time.parse_duration(bad)
    assert(value == nil and err:kind() == errors.INVALID, tostring(bad))
  end
end)

test("durations combine units, fractions and signs, without days or weeks [time.durations]", function()
  assert(d("1.5h"):minutes() == 90)
  assert(d("-2m30s"):seconds() == -150)
  assert(d("1us"):nanoseconds() == 1000 and d("1µs"):nanoseconds() == 1000 and d("1ns"):nanoseconds() == 1)
  assert(d("0"):nanoseconds() == 0 and d(".5s"):milliseconds() == 500 and d("+1s"):seconds() == 1)
  for _, bad in ipairs({ "7d", "1w", "1 h" }) do
    assert(select(2, time.parse_duration(bad)):kind() == errors.INVALID)
  end
  assert(d("2540400h10m10.000000000s"):nanoseconds() == 9145440610000000000)
  assert(time.parse_duration("2562048h") == nil, "does not fit 64 bits")
end)

test("duration methods give fractions for large units, whole numbers for small ones [time.duration]", function()
  local value = d("1h30m45s500ms")
  assert(math.abs(value:hours() - 1.5126388888888889) < 1e-12)
  assert(math.abs(value:minutes() - 90.75833333333334) < 1e-12)
  assert(value:seconds() == 5445.5)
  assert(value:milliseconds() == 5445500)
  assert(value:microseconds() == 5445500000)
  assert(value:nanoseconds() == 5445500000000)
end)

test("the smaller units cut off and are integers [time.duration.values]", function()
  assert(d("1999us"):milliseconds() == 1 and d("-1999us"):milliseconds() == -1)
  assert(d("1999ns"):microseconds() == 1)
  assert(math.type(d("1s"):milliseconds()) == "integer" and math.type(d("1s"):seconds()) == "float")
end)

test("durations print shortly [time.duration.tostring]", function()
  local texts = {
    ["90m"] = "1h30m0s", ["90s"] = "1m30s", ["500ms"] = "500ms", ["0s"] = "0s", ["1500ms"] = "1.5s",
    ["1500us"] = "1.5ms", ["1500ns"] = "1.5µs", ["15ns"] = "15ns", ["-1m"] = "-1m0s", ["100h"] = "100h0m0s",
    ["1h0.000000001s"] = "1h0m0.000000001s",
  }
  for text, printed in pairs(texts) do assert(tostring(d(text)) == printed, text .. " printed " .. tostring(d(text))) end
end)

test("durations compare and add", function()
  assert(d("1m") == d("60s") and d("1s") < d("2s") and d("2s") >= d("2s"))
  assert((d("1m") + d("1s")):seconds() == 61 and (d("1m") - d("90s")):seconds() == -30)
end)
