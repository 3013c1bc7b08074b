local a, b = 1, 2
--    ^ W0004
local function never() end
--             ^^^^^ W0004
local c
--    ^ W0004
c = b
