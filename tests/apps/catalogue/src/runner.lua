local logger = require("logger")
local time = require("time")
local funcs = require("funcs")

local function main(job: string, every: string): integer
  local events, runs = process.events(), 0
  while true do
    local case = channel.select({events:case_receive(), time.after(every):case_receive()})
    if case.channel == events then
      if case.value.kind == process.event.CANCEL then
        logger:info("runner stops", {job = job, runs = runs})
        return 0
      end
    else
      runs = runs + 1
      local result = assert(funcs.call(job))
      if runs == 1 then logger:info("first run", {job = job, result = result}) end
    end
  end
end

return {main = main}
