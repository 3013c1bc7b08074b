local function f(a: number, b: string) print(a, b) end
do f(1) end
-- ^^^^ E0004
f(1, "x", 3)
--        ^ E0004
do string.rep("x") end
-- ^^^^^^^^^^^^^^^ E0004
