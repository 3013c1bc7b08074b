local io = require("io")
local tty = require("tty")
local time = require("time")
local system = require("system")

local ENTER, LEAVE = "\x1b[?1049h\x1b[H", "\x1b[?1049l"
local title = tty.style():bold():foreground("#FFAA00")
local box = tty.style():border(tty.borders.ROUNDED):padding(0, 1)
local chosen = tty.style():reverse()

local quit = tty.bind({keys = {"q", "ctrl+c"}, help = {key = "q", desc = "quit"}})
local down = tty.bind({keys = {"j", "down"}, help = {key = "j", desc = "down"}})

local function services(): {any}
  local found = {}
  for _, state in ipairs(assert(system.supervisor.states())) do
    if state.id ~= "app:terminal" and state.id ~= "app:processes" then found[#found + 1] = state end
  end
  table.sort(found, function(a, b) return a.id < b.id end)
  return found
end

local function draw(cursor: integer, frame: integer)
  local lines = {title:render("Services"), ""}
  for i, state in ipairs(services()) do
    local line = state.id .. " " .. state.status
    lines[#lines + 1] = i == cursor and chosen:render(line) or line
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "frame " .. frame .. ", cursor " .. cursor .. ", q quits"
  local screen = box:render(table.concat(lines, "\n"))
  io.write("\x1b[H\x1b[2J" .. screen:gsub("\n", "\r\n"))
end

local function main(): integer
  assert(tty.start())
  local events = assert(tty.events())
  local ticker = time.ticker("50ms")
  io.write(ENTER)
  local cursor, frame = 1, 0
  while true do
    draw(cursor, frame)
    local case = channel.select({events:case_receive(), ticker:channel():case_receive()})
    if case.channel == events then
      local event = case.value
      if quit:matches(event) then break end
      if down:matches(event) then cursor = cursor % #services() + 1 end
    else
      frame = frame + 1
    end
  end
  ticker:stop()
  io.write(LEAVE)
  assert(tty.stop())
  io.print("bye after choosing " .. cursor)
  return 0
end

return {main = main}
