local function f(a, b) return a end
--                  ^ W0005
return f, function(x) end
--                 ^ W0005
