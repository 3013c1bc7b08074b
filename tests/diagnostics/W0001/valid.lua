while false do
  -- Waits for nothing.
end
local function nothing() end
if nothing then return 1 end
