type A = {b: Bee}
--           ^^^ E0008
local c: channel.Chanel<A>
--       ^^^^^^^^^^^^^^^^^ E0008
return c
