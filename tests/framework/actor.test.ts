/** `wippy/actor`: processes that are a state and a handler for each topic. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../src/core/mod.ts";
import { withApplication } from "../application.ts";
import { entry, HEAD, main } from "../lua_entries.ts";

/** Runs a process with `source`, an expression for its handlers, and `talk`, which has its `pid` and gives what it wants. */
async function talk(handlers: string, said: string, state = "{ count = 0 }"): Promise<Value> {
  const project = HEAD +
    "  - { name: dependency.actor, kind: ns.dependency, component: wippy/actor, version: '*' }\n" +
    entry(
      "counter",
      "process.lua",
      main(`local caller = ...\nreturn actor.new(${state}, ${handlers}):run()`),
      'method: main\nmodules: [time]\nimports: { actor: "wippy.actor:actor" }',
    ) +
    entry("child", "process.lua", main('return "bye"'), "method: main") +
    entry(
      "talk",
      "function.lua",
      main(`
local answers, events = process.listen("answer"), process.events()
local pid = assert(process.spawn_monitored("app:counter", "app:host", process.pid()))
local function tell(topic, payload) process.send(pid, topic, payload) end
local function heard() return (answers:receive()) end
local function ended()
  while true do
    local event = events:receive()
    if event.kind == process.event.EXIT then
      return { value = event.result.value, error = event.result.error and event.result.error:message() }
    end
  end
end
${said}`),
      "method: main\nmodules: [time]",
    );
  let result: Value = null;
  await withApplication(project, async (app) => {
    result = await app.call("app:talk");
  });
  return result;
}

test("messages go to the handler of their topic, others to __default, and exit ends the loop [actor.new] [actor.exit]", async () => {
  const result = await talk(
    `{
  __init = function(state) state.seen = { "begun" } end,
  add = function(state, n, topic, from)
    state.count = state.count + n
    state.seen[#state.seen + 1] = topic .. (from == caller and " from the caller" or " from " .. tostring(from))
  end,
  tell = function(state, _, _, from) process.send(from, "answer", { state.count, state.seen }) end,
  __default = function(state, payload, topic) state.seen[#state.seen + 1] = "other: " .. topic .. "=" .. payload end,
  stop = function(state, why) return actor.exit({ count = state.count, why = why }) end,
}`,
    `tell("add", 2) tell("add", 3) tell("what", "ever") tell("tell")
local told = heard()
tell("stop", "enough") tell("add", 1)
return { told, ended() }`,
  );
  assert.deepEqual(result, [
    [5, ["begun", "add from the caller", "add from the caller", "other: what=ever"]],
    { value: { count: 5, why: "enough" } },
  ]);
});

test("next goes on with another handler, from any handler, as often as it is given [actor.next]", async () => {
  const result = await talk(
    `{
  __init = function() return actor.next("down", 3) end,
  down = function(state, n, topic, from)
    state.count = state.count + 1
    state.own = from == process.pid()
    if n > 0 then return actor.next("down", n - 1) end
    return actor.next("nobody")
  end,
  __default = function(_, _, topic) if topic == "nobody" then return actor.next("up") end end,
  up = function(state) process.send(caller, "answer", { state.count, state.own }) end,
  stop = function() return actor.exit() end,
}`,
    `local told = heard() tell("stop") return { told, ended().error }`,
  );
  assert.deepEqual((result as Value[])[0], [4, true]);
});

test("events and the wish to end have handlers; without one the wish is followed [actor.new]", async () => {
  const own = await talk(
    `{
  watch = function() process.spawn_monitored("app:child", "app:host") end,
  __on_event = function(_, event) process.send(caller, "answer", { event.kind, event.result.value }) end,
  __on_cancel = function(_, event) return actor.exit("canceled: " .. event.kind) end,
}`,
    `tell("watch") local told = heard() process.cancel(pid, "5s") return { told, ended() }`,
  );
  assert.deepEqual(own, [["pid.exit", "bye"], { value: "canceled: pid.cancel" }]);
  const none = await talk(
    "{ noise = function() end }",
    `tell("noise") tell("unknown") process.cancel(pid, "5s") return ended()`,
  );
  assert.deepEqual(none, {});
});

test("handlers and channels come and go while it runs [actor.state]", async () => {
  const result = await talk(
    `{
  listen = function(state)
    state.ch = channel.new(4)
    state.register_channel(state.ch, function(s, value, ok)
      process.send(caller, "answer", { value, ok })
      if value == "last" then return actor.next("learn") end
    end)
    state.ch:send("first") state.ch:send("last")
  end,
  learn = function(state)
    state.add_handler("learned", function(s, payload) process.send(caller, "answer", "learned " .. payload) end)
  end,
  forget = function(state) state.remove_handler("learned") end,
  quiet = function(state)
    state.unregister_channel(state.ch)
    state.ch:send("nobody hears")
    local closing = channel.new()
    state.register_channel(closing, function(_, value, ok) process.send(caller, "answer", { ok }) end)
    closing:close()
  end,
  __default = function(_, _, topic) process.send(caller, "answer", "no " .. topic) end,
  stop = function() return actor.exit("done") end,
}`,
    `tell("listen")
local all = { heard(), heard() }
tell("learned", "it") all[3] = heard()
tell("forget") tell("learned", "it") all[4] = heard()
tell("quiet") all[5] = heard()
tell("stop") all[6] = ended()
return all`,
  );
  assert.deepEqual(result, [["first", true], ["last", true], "learned it", "no learned", [false], {
    value: "done",
  }]);
});

test("async runs beside the loop; what it gives is dealt with in turn, and wait waits for all of it [actor.state]", async () => {
  const result = await talk(
    `{
  work = function(state)
    for i = 1, 3 do
      state.async(function(n) time.sleep(n .. "0ms") return n end, i)
    end
  end,
  ping = function() process.send(caller, "answer", "pong") end,
  __on_internal_message = function(state, result, err)
    state.count = state.count + (result or 100)
    if err then process.send(caller, "answer", tostring(err)) end
    if state.count == 6 then process.send(caller, "answer", "six") end
  end,
  fail = function(state) state.async(function() error("broken", 0) end) end,
  stop = function(state)
    local times = {}
    for i = 1, 2 do state.async(function() time.sleep("5ms") times[#times + 1] = i end) end
    state.wait()
    state.async(function() return actor.exit(#times) end)
    state.wait()
  end,
}`,
    `tell("work") tell("ping")
local all = { heard(), heard() }
tell("fail") all[3] = heard()
tell("stop") all[4] = ended()
return all`,
  );
  assert.deepEqual(result, ["pong", "six", "broken", { value: 2 }]);
});

test("what a handler raises ends the process, and what nobody hears of async as well [actor.new] [actor.state]", async () => {
  const raised = await talk(
    `{ fail = function() error(errors.new({ kind = errors.CONFLICT, message = "not so" })) end }`,
    `tell("fail") return ended()`,
  );
  assert.deepEqual(raised, { error: "not so" });
  const beside = await talk(
    `{ fail = function(state) state.async(function() error("beside", 0) end) end }`,
    `tell("fail") return ended()`,
  );
  assert.deepEqual(beside, { error: "beside" });
  for (
    const [handlers, wrong] of [
      ["3", /actor\.new takes a table of handlers/],
      ["{ x = 1 }", /the handler of x is no function but a number/],
      [
        '{ __init = function(s) s.register_channel(channel.new(), "f") end }',
        /the handler of a channel is no function/,
      ],
      ["{ __init = function(s) s.async() end }", /what async is given is no function/],
      ["{ __init = function() return actor.next(1) end }", /actor\.next takes the name of a topic/],
    ] as const
  ) {
    const { error } = await talk(handlers, "return ended()") as { error: string };
    assert.match(error, wrong);
  }
  const { error } = await talk("{}", "return ended()", "1") as { error: string };
  assert.match(error, /actor\.new takes a table as its state/);
});
