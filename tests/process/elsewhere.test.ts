/** Processes that live elsewhere: two runtimes joined by routes in memory that carry bytes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../src/core/mod.ts";
import type { Route } from "../../src/ports/mod.ts";
import { startApplication, type TestApplication } from "../application.ts";

const PROJECT = `version: "1.0"
namespace: app
entries:
  - {name: host, kind: process.host, lifecycle: {auto_start: true}}
  - name: echo
    kind: process.lua
    method: main
    source: |
      return { main = function()
        process.set_options({trap_links = true})
        local inbox, events = process.inbox(), process.events()
        while true do
          local picked = channel.select({inbox:case_receive(), events:case_receive()})
          if picked.channel == events then
            print("event", picked.value.kind, picked.value.from, picked.value.reason or "")
          else
            local m = picked.value
            if m:topic() == "fail" then error("told to fail") end
            if m:topic() == "end" then return {answer = 42} end
            process.send(m:from(), "answer", {got = m:payload():data(), topic = m:topic()})
          end
        end
      end }
  - name: asker
    kind: process.lua
    method: main
    source: |
      return { main = function(target, trap, relation, topic)
        if trap then process.set_options({trap_links = true}) end
        if relation then
          local ok, err = process[relation](target)
          if not ok then print("refused", err:kind(), err:message()) return end
        end
        if topic then
          local ok, err = process.send(target, topic, {list = {1, 2.0, "x"}})
          if not ok then print("refused", err:kind(), err:message()) return end
        end
        local inbox, events = process.inbox(), process.events()
        while true do
          local picked = channel.select({inbox:case_receive(), events:case_receive()})
          if picked.channel == events then
            local e = picked.value
            local result = e.result or {}
            print(e.kind, e.from, type(result.value) == "table" and result.value.answer or "nil",
              result.error and result.error:message() or "none", e.reason or "")
          else
            local data = picked.value:payload():data()
            print("answer", picked.value:from(), data.topic, math.type(data.got.list[2]), data.got.list[3])
          end
        end
      end }
`;

type Started = Awaited<ReturnType<typeof startApplication>>;

/** Two nodes, `one` and `two`; `carry` moves what waits on the routes, until nothing does. */
interface Pair {
  readonly one: TestApplication;
  readonly two: TestApplication;
  settle(): Promise<void>;
  /** Node `two` is gone for node `one`. */
  lose(): void;
  lines(app: TestApplication): string[];
  /** What the next signal fails with, whoever sends it. */
  refuse(failure: Failure): void;
  /** Why routes were broken. */
  readonly broken: readonly string[];
}

async function pair(body: (pair: Pair) => Promise<void>): Promise<void> {
  const started: Started[] = [];
  try {
    for (const node of ["one", "two"]) {
      started.push(
        await startApplication(PROJECT, { simulated: true, config: { relay: { node_name: node } } }),
      );
    }
    const [one, two] = started.map(({ app }) => app) as unknown as [TestApplication, TestApplication];
    const waiting: (() => void)[] = [];
    const refused: Failure[] = [];
    const broken: string[] = [];
    const route = (name: string, to: () => { app: TestApplication; back: Route }): Route => ({
      name,
      send: (signal) => {
        for (const failure of refused.splice(0, 1)) throw failure;
        waiting.push(() => to().app.application.runtime.elsewhere.receive(to().back, signal));
      },
      break: (reason) => void broken.push(reason),
    });
    const toTwo: Route = route("two", () => ({ app: two, back: toOne }));
    const toOne: Route = route("one", () => ({ app: one, back: toTwo }));
    one.application.runtime.elsewhere.addChooser(({ node }) => node === "two" ? toTwo : undefined);
    two.application.runtime.elsewhere.addChooser(({ node }) => node === "one" ? toOne : undefined);
    const settle = async (): Promise<void> => {
      do {
        for (const carry of waiting.splice(0)) carry();
        await one.world!.clock.settle();
        await two.world!.clock.settle();
      } while (waiting.length > 0);
    };
    await body({
      one,
      two,
      settle,
      refuse: (failure) => void refused.push(failure),
      broken,
      lose: () => one.application.runtime.elsewhere.lost(toTwo),
      lines: (app) =>
        app.logs.filter(({ fields }) => fields["pid"] !== undefined).map(({ message }) =>
          message.replaceAll("\t", " ")
        ),
    });
  } finally {
    for (const { stop } of started) await stop();
  }
}

const spawnOn = (app: TestApplication, entry: string, args: (string | boolean | null)[] = []): string =>
  app.application.runtime.spawn(`app:${entry}`, "app:host", { args });

test("a message reaches a process of another node, which can answer", () =>
  pair(async ({ one, two, settle, lines }) => {
    const echo = spawnOn(two, "echo");
    assert.match(echo, /^\{two@app:host\|0x/);
    spawnOn(one, "asker", [echo, false, null, "question"]);
    await settle();
    assert.deepEqual(lines(one), [`answer ${echo} question float x`]);
  }));

test("a pid of an unknown node is refused at once, one that has ended is not", () =>
  pair(async ({ one, two, settle, lines }) => {
    const echo = spawnOn(two, "echo");
    const elsewhere = echo.replace("two", "three");
    spawnOn(one, "asker", [elsewhere, false, null, "question"]);
    spawnOn(one, "asker", [elsewhere, false, "monitor"]);
    await settle();
    assert.deepEqual(lines(one), [
      "refused NotFound node not found: three",
      "refused Internal node not found: three",
    ]);
    two.application.runtime.terminate(echo);
    await settle();
    one.application.runtime.send(echo, "late", []);
    await settle();
  }));

test("monitors across nodes get EXIT with the value, once; who watches nobody is told too", () =>
  pair(async ({ one, two, settle, lines }) => {
    const echo = spawnOn(two, "echo");
    spawnOn(one, "asker", [echo, false, "monitor", "end"]);
    await settle();
    assert.deepEqual(lines(one), [`pid.exit ${echo} 42 none `]);
    spawnOn(one, "asker", [echo, false, "monitor"]);
    await settle();
    assert.deepEqual(lines(one).slice(1), [`pid.exit ${echo} nil process not found `]);
    assert.equal(one.application.runtime.table.size, 0);
    assert.equal(two.application.runtime.table.size, 0);
  }));

test("an end that a route can't carry is told as a failure, or breaks the route, and others hear of it all the same", () =>
  pair(async ({ broken, lines, one, refuse, settle, two }) => {
    for (const retryable of [false, true]) {
      const echo = spawnOn(two, "echo");
      spawnOn(one, "asker", [echo, false, "monitor"]);
      await settle();
      spawnOn(two, "asker", [echo, false, "monitor"]);
      await settle();
      refuse(new Failure("LimitExceeded", "no room", { retryable }));
      two.application.runtime.send(echo, "end", []);
      await settle();
      assert.equal(lines(two).at(-1), `pid.exit ${echo} 42 none `);
      if (!retryable) assert.equal(lines(one).at(-1), `pid.exit ${echo} nil no room `);
    }
    assert.equal(lines(one).length, 1);
    assert.deepEqual(broken, ["no room"]);
  }));

test("links across nodes: a failure is LINK_DOWN for who traps and ends who does not, in both directions", () =>
  pair(async ({ one, two, settle, lines }) => {
    const echo = spawnOn(two, "echo");
    spawnOn(one, "asker", [echo, true, "link"]);
    const fragile = spawnOn(one, "asker", [echo, false, "link"]);
    await settle();
    one.application.runtime.send(echo, "fail", []);
    await settle();
    assert.equal(lines(one).length, 1);
    assert.match(lines(one)[0]!, /^pid\.link\.down \{two@.*told to fail/);
    assert.equal(one.application.runtime.messages.liveProcess(fragile), undefined);
    const second = spawnOn(two, "echo");
    const asker = spawnOn(one, "asker", [second, true, "link"]);
    await settle();
    two.application.runtime.terminate(asker);
    await settle();
    assert.deepEqual(lines(two).filter((line) => line.startsWith("event")), [
      `event pid.link.down ${asker} `,
    ]);
  }));

test("cancel and unmonitor reach across nodes", () =>
  pair(async ({ one, two, settle, lines }) => {
    const echo = spawnOn(two, "echo");
    one.application.runtime.cancel(echo, "enough", "");
    await settle();
    assert.deepEqual(lines(two), ["event pid.cancel  enough"]);
    const asker = spawnOn(one, "asker", [echo, false, "monitor"]);
    await settle();
    const process = one.application.runtime.messages.liveProcess(asker)!;
    one.application.runtime.messages.unmonitor(process, echo);
    two.application.runtime.terminate(echo);
    await settle();
    assert.deepEqual(lines(one), []);
  }));

test("a lost node is LINK_DOWN, not EXIT, for watchers and for linked processes [process.node-loss]", () =>
  pair(async ({ one, two, settle, lose, lines }) => {
    const echo = spawnOn(two, "echo");
    spawnOn(one, "asker", [echo, false, "monitor"]);
    spawnOn(one, "asker", [echo, true, "link"]);
    await settle();
    lose();
    await settle();
    const down = `pid.link.down ${echo} nil node lost: two `;
    assert.deepEqual(lines(one), [down, down]);
  }));
