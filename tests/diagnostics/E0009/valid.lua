type Kind = "a" | "b"
local function maybe(): number? end
local function all(kind: Kind): number
  if kind == "a" then return 1 elseif kind == "b" then return 2 end
end
local function stop(): never error("stop") end
return maybe, all, stop
