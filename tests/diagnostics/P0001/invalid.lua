local a = = 1
--        ^ P0001
if a then print(1
--               ^ P0001
end
local b = "open
--        ^^^^^ P0001
b += 1
--^^ P0001
return a b
--       ^ P0001
