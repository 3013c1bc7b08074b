/** Small applications for tests of the command line. */

/** A terminal, processes that end in every way, functions that answer in every way. */
export const TOOLS = {
  "src/_index.yaml": `version: "1.0"
namespace: app
entries:
  - name: terminal
    kind: terminal.host
    lifecycle: {auto_start: true}
  - name: echo
    kind: process.lua
    meta: {command: {name: echo, short: Prints its arguments}}
    modules: [io]
    method: main
    source: |
      local io = require("io")
      return { main = function(...)
        for i, word in ipairs({...}) do io.print(i, word) end
        return select("#", ...)
      end }
  - name: fails
    kind: process.lua
    meta: {command: {name: fails}}
    method: main
    source: |
      return { main = function() error("out of luck") end }
  - name: leaves
    kind: process.lua
    meta: {command: {name: leaves, short: Ends the program, main: true}}
    modules: [system]
    method: main
    source: |
      return { main = function()
        system.exit(7)
        return 0
      end }
  - name: suite
    kind: process.lua
    meta: {command: {name: suite, use_case: test}}
    modules: [io]
    method: main
    source: |
      return { main = function(...)
        io.print("testing", ...)
        return 1
      end }
  - name: add
    kind: function.lua
    method: add
    source: |
      return { add = function(a, b) return a + b end }
  - name: tell
    kind: function.lua
    method: tell
    source: |
      return { tell = function(...) return {count = select("#", ...), first = (...)} end }
`,
};

/** Functions that fail, in a file of their own and inside the definition. */
export const FAILING = {
  "src/_index.yaml": `namespace: app
entries:
  - name: raises
    kind: function.lua
    source: file://lua/raises.lua
    method: main
  - name: inline
    kind: function.lua
    method: main
    source: |
      local function inner()
        error("inside")
      end
      return { main = function() inner() return 1 end }
  - name: returns
    kind: function.lua
    method: main
    source: |
      return { main = function()
        return nil, errors.new({message = "no such order", kind = errors.NOT_FOUND, details = {order = 7}})
      end }
  - name: sleeps
    kind: function.lua
    modules: [time]
    method: main
    source: |
      return { main = function() time.sleep("1m") return 1 end }
  - name: broken.service
    kind: process.service
    process: app:nobody
    host: app:nowhere
    lifecycle: {auto_start: true}
`,
  "src/lua/raises.lua": `local function divide(a, b)
  assert(b ~= 0, "division by zero")
  return a / b
end

return {
  main = function(n)
    local result = divide(1, n or 0)
    return result
  end,
}
`,
};

/** A process under supervision that counts what it is told. */
export const COUNTER = {
  "src/_index.yaml": `namespace: app
entries:
  - name: processes
    kind: process.host
    lifecycle: {auto_start: true}
  - name: counter
    kind: process.lua
    modules: [logger]
    method: main
    source: |
      return { main = function()
        process.registry.register("counter")
        local inbox, events = process.inbox(), process.events()
        local count = 0
        require("logger"):info("counting")
        while true do
          local case = channel.select({inbox:case_receive(), events:case_receive()})
          if case.channel == events then
            if case.value.kind == process.event.CANCEL then return 0 end
          elseif case.value:topic() == "crash" then
            error("asked to")
          else
            count = count + 1
            process.send(case.value:from(), "count", count)
          end
        end
      end }
  - name: counter.service
    kind: process.service
    process: counter
    host: processes
    lifecycle:
      auto_start: true
      restart: {initial_delay: 10ms}
  - name: count
    kind: function.lua
    method: main
    source: |
      return { main = function()
        local counts = process.listen("count")
        assert(process.send("counter", "count"))
        return (counts:receive())
      end }
  - name: crash
    kind: function.lua
    method: main
    source: |
      return { main = function()
        return process.send("counter", "crash")
      end }
`,
};
