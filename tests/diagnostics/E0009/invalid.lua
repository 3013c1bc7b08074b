local function f(flag: boolean): number
  if flag then return 1 end
    end
--  ^^^ E0009
return f
