local out = {}
local function put(...) for i = 1, select("#", ...) do out[#out + 1] = tostring((select(i, ...))) end end
put(("hello"):sub(2, -2), ("hello"):sub(-100, 100), ("hello"):sub(4, 2), #"\u{48}\x41\065\z
  tail", "a\tb\\n", [[
long
]], [==[with ]] inside]==])
put(("x=1, y=2"):gsub("(%w+)=(%w+)", "%2=%1"))
put(("hello world"):gsub("o", { o = "0" }))
put(("hello"):gsub("l", function(c) return c:upper() end, 1))
put(("abc"):gsub("", "-"))
put(("  trim  "):match("^%s*(.-)%s*$") .. "!")
put(("key=value=more"):match("^(.-)=(.*)$"))
put(("2024-01-15"):match("(%d+)-(%d+)-(%d+)"))
put(("f(a(b)c)d"):find("%b()"))
put(("THE (quick) fox"):find("%((%a+)%)"))
put(("a.b.c"):find(".", 2, true), ("abc"):find("b", -1), ("abc"):find("", 10), ("abc"):find("", 4))
put(("hello"):byte(1, -1))
put(string.char(), string.char(72, 105), ("abc"):rep(3), ("abc"):rep(0), ("abc"):reverse(), ("AbC"):upper(), ("AbC"):lower())
for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do put(k, v) end
for w in ("one two"):gmatch("%a+") do put(w) end
put(("%d"):gsub("%%d", "%%s"))
put(("x"):gsub(".", "%0%0"))
put(("abc"):find("[a-b]+"), ("a-b"):find("[a%-]+"), ("]"):find("[]]"), ("^"):find("[%^]"), ("a\0b"):find("%z"))
put(("THE (quick) fox"):gsub("%f[%a]%a+", string.lower))
put("a" < "b", "a" < "B", "" < "a", "a\0b" < "a\0c", "Z" < "a")
put(pcall(string.rep), pcall(("x").bad))
put(pcall(string.format, "%d", 1.5))
put(pcall(string.format, "%y", 1))
put(pcall(string.find, "a", "[a"))
put(pcall(string.gsub, "a", "(", "b"))
put(string.pack("<i4", 100):byte(1, -1))
put(string.unpack("<i4", string.pack("<i4", -2)))
put(tostring("x"), #tostring(print) > 0, ("%s %s"):format(nil, true), ("%5s|%-5s|%.2s"):format("ab", "ab", "abc"))
return table.concat(out, "|")
