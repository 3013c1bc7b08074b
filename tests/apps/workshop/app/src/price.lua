local PER_HOUR = 6000

--- What work of some minutes costs, in cents; every hour that was begun counts.
local function price(minutes: number): integer
  return math.ceil(minutes / 60) * PER_HOUR
end

return {price = price}
