local function f(a: number, b: string?, ...: any) print(a, b, ...) end
f(1)
f(1, "x", 2, 3)
f(table.unpack({1, "x"}))
