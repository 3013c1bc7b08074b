print(missing)
--    ^^^^^^^ E0002
local x = undefined_call()
--        ^^^^^^^^^^^^^^ E0002
return x
