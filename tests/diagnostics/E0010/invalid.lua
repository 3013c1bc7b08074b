type Pair<A, B> = {first: A, second: B}
type Plain = {x: number}
local p: Pair<number> = {first = 1, second = "x"}
--       ^^^^^^^^^^^^ E0010
local q: Plain<number> = {x = 1}
--       ^^^^^^^^^^^^^ E0010
return p, q
