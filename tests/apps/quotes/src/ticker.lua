local logger = require("logger")
local time = require("time")
local json = require("json")

type Prices = {[string]: number}

local prices: Prices = {AAA = 100, BBB = 2000, CCC = 3}

-- Moves every price by a thousandth at most.
local function move()
  for symbol, price in pairs(prices) do
    prices[symbol] = price * (1 + (math.random() - 0.5) / 500)
  end
end

local function main(): integer
  local inbox, events = process.inbox(), process.events()
  process.registry.register("ticker")
  logger:info("ticker runs")
  local beat = time.ticker("20ms")
  local clients = {}

  local function handle(message)
    local topic, from = message:topic(), message:from()
    local data = message:payload():data()
    if topic == "ws.join" then
      clients[data.client_pid] = data.metadata.user
      process.send(data.client_pid, "welcome", {
        user = data.metadata.user,
        role = data.metadata.role
      })
    elseif topic == "ws.leave" then
      logger:info("client left", {user = clients[data.client_pid]})
      clients[data.client_pid] = nil
    elseif topic == "client.says" then
      local said = json.decode(data)
      if said and said.type == "ping" then process.send(from, "pong", {n = said.n}) end
    end
  end

  while true do
    local case = channel.select({
      inbox:case_receive(),
      events:case_receive(),
      beat:channel():case_receive()
    })
    if case.channel == inbox then
      handle(case.value)
    elseif case.channel == events then
      if case.value.kind == process.event.CANCEL then
        beat:stop()
        return 0
      end
    else
      move()
      for client in pairs(clients) do process.send(client, "quotes", prices) end
    end
  end
end

return {main = main}
