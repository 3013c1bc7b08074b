type Alone = Alone
type Either = Either | Either
type Maybe = Maybe?
type Wide<A> = Wide<Wide<A>>
type Deep<A> = {inner: Deep<{A}>?}
type Bound<A: Bound<A>> = {a: A}
type Calls = () -> Calls
type Asks = typeof(asked)
local asked: Asks = 1
local a: Alone, b: Either, c: Maybe = 1, 2, 3
local d: Wide<number>, e: Wide<string> = 1, "x"
local f: Deep<number>, g: Deep<string> = {}, {}
local h: Bound<number> = {a = 1}
local i: Calls
f = g
d = e
return a.x, b.y, c, i()()(), h, Alone:is(1), Calls:kind()
