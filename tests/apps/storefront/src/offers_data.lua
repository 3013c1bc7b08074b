local OFFERS = {
  {name = "Tea & biscuits", price = 3},
  {name = "Soap <large>", price = 2},
}

local function handle(asked)
  local most = tonumber(asked.query.most) or math.huge
  local chosen = {}
  for _, offer in ipairs(OFFERS) do
    if offer.price <= most then chosen[#chosen + 1] = offer end
  end
  return {offers = chosen}
end

return {handle = handle}
