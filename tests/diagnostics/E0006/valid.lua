local n: number = 2 ^ 3 // 1 + -1
local s: string = "a" .. n
print(#s, n < 3, s < "b", ~1 & 3)
