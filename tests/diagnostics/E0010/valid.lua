type Pair<A, B> = {first: A, second: B}
local p: Pair<number, string> = {first = 1, second = "x"}
return p
