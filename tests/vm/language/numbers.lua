local out = {}
local function put(...) for i = 1, select("#", ...) do out[#out + 1] = tostring((select(i, ...))) end end
put(1, 1.0, -0.0, 1e15, 1e16, 2^53, 2^63, 1/3, 100 // 3, 100.0 // 3, -7 // 2, -7 % 3, 7 % -3, -7.5 % 2, 5 / 2)
put(math.maxinteger, math.mininteger, math.maxinteger + 1 == math.mininteger, math.maxinteger * 2)
put(3 & 5, 3 | 5, 3 ~ 5, ~5, 1 << 62, 1 << 63, 1 << 64, -1 >> 1, "10" + 5, "0x10" * 2, "3.5" + 1, 10 .. 20)
put(1 == 1.0, math.type(1), math.type(1.0), math.type("1"), 0x7fffffffffffffff, 0xffffffffffffffff, 1e308 * 10, -(0/0) ~= -(0/0))
put(tonumber("  12  "), tonumber("1e2"), tonumber("0x1p4"), tonumber("1e"), tonumber("z", 36), tonumber("7", 8), tonumber("8", 8))
put(math.floor(-3.5), math.ceil(-3.5), math.floor(2^31 + 0.5), math.fmod(-7, 3), math.fmod(7, -3), math.tointeger("8"), math.tointeger(2^53))
put(string.format("%d %5d %-5d| %05d %+d %x %X %o %e %g %a %c %s %q %i", 42, 42, 42, 42, 42, 255, 255, 8, 1.5, 0.1, 1.0, 65, "s", "q\0\n", 7))
put(string.format("%.3f %10.2f %-10.1f| %q %q %q", 2/3, 2/3, 2/3, 1/3, math.mininteger, 255))
put(1 < 1.5, 1 <= 1.0, math.maxinteger < math.huge, math.maxinteger + 0.0 == math.maxinteger, 2^53 == 2^53 + 1)
for i = 10, 1, -3 do put(i) end
for x = 1.0, 2.0, 0.25 do put(x) end
for i = math.maxinteger - 1, math.maxinteger do put(i) end
put(pcall(function() for _ = 1, 10, 0 do end end))
put(pcall(function() return 1 // 0 end))
put(pcall(function() return 1 % 0 end))
put(1.0 // 0, -1.0 // 0, 5.0 % math.huge, -5.0 % math.huge)
return table.concat(out, "|")
