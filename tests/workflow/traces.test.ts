/** Workflows in traces: one trace for all their life, whatever happens to the program. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { collect, type CollectedSpan, type Collector } from "../app/collector.ts";
import type { TestApplication } from "../application.ts";
import { ACTIVITY, inFolder, lua, noted, withWorker } from "./worker.ts";

const ENTRIES = [
  {
    ...lua(
      "workflow.lua",
      "order",
      `funcs.call("app:pay", 7)
funcs.call("app:note", "paid")
process.listen("go"):receive()
local value, err = workflow.exec("app:parcel")
if err then error("no parcel: " .. err:message()) end
return value`,
      ["funcs", "workflow"],
    ),
    meta: { temporal: { workflow: { worker: "app:worker", name: "Order" } } },
  },
  lua("workflow.lua", "parcel", `return "sent"`),
  lua("workflow.lua", "bad", `error("no way")`),
  lua(
    "function.lua",
    "finish",
    `local pid = ...
assert(process.monitor(pid))
assert(process.send(pid, "go"))
return process.events():receive().kind`,
  ),
  { ...lua("function.lua", "pay", `return "paid " .. ...`), meta: ACTIVITY },
];

/** Runs an application that is traced; what it has sent. */
async function traced(
  folder: string,
  body: (app: TestApplication) => Promise<void>,
  workflows = true,
): Promise<Collector> {
  const collector = await collect();
  const otel = { enabled: true, endpoint: `127.0.0.1:${collector.port}`, temporal: { enabled: workflows } };
  await withWorker(folder, ENTRIES, body, { config: { otel } }).finally(() => collector.close());
  return collector;
}

/** Spans of workflows: name, event and topic. */
const events = (spans: readonly CollectedSpan[]): string[] =>
  spans.filter(({ attributes }) => "workflow.id" in attributes).map(({ attributes, name }) =>
    [name, attributes["workflow.event"], attributes["message.topic"]].filter((part) => part !== undefined)
      .join(" ")
  );

function eventOf(spans: readonly CollectedSpan[], name: string, event?: string): CollectedSpan {
  const found = spans.filter((span) =>
    span.name === name && "workflow.id" in span.attributes && span.attributes["workflow.event"] === event
  );
  assert.equal(found.length, 1, `${name} ${event}: ${events(spans).join(", ")}`);
  return found[0]!;
}

test("starts, activities, messages, children and ends are spans of one trace, also after a restart [workflow.trace] [obs.span.temporal]", () =>
  inFolder(async (folder) => {
    let pid = "";
    const before = await traced(folder, async (app) => {
      pid = await app.call("app:start", "app:order") as string;
      await noted(app, "paid");
    });
    const started = eventOf(before.spans, "Order", "started");
    const by = before.spans.find(({ name }) => name === "app:start")!;
    assert.deepEqual([started.traceId, started.parentId], [by.traceId, by.spanId]);
    const activity = eventOf(before.spans, "app:pay");
    assert.deepEqual([activity.traceId, activity.parentId], [started.traceId, started.spanId]);
    assert.deepEqual(
      [activity.attributes["workflow.id"], activity.attributes["run.id"]],
      [started.attributes["workflow.id"], started.attributes["run.id"]],
    );
    const called = before.spans.find(({ name, attributes }) =>
      name === "app:pay" && "frame.id" in attributes
    )!;
    assert.equal(called.parentId, activity.spanId);

    const after = await traced(folder, async (app) => {
      assert.equal(await app.call("app:finish", pid), "pid.exit");
    });
    // The message is told of once what it led to is recorded.
    assert.deepEqual(events(after.spans), [
      "app:parcel started",
      "Order message go",
      "app:parcel ended",
      "Order ended",
    ]);
    const child = eventOf(after.spans, "app:parcel", "started");
    for (
      const span of [eventOf(after.spans, "Order", "message"), child, eventOf(after.spans, "Order", "ended")]
    ) {
      assert.deepEqual([span.traceId, span.parentId], [started.traceId, started.spanId]);
    }
    assert.equal(eventOf(after.spans, "app:parcel", "ended").parentId, child.spanId);
    assert.match(String(started.attributes["run.id"]), /^[0-9a-f-]{36}$/);
  }));

test("a workflow that fails ends with its error, and nothing is told of workflows unless it is wanted [workflow.trace]", () =>
  inFolder(async (folder) => {
    const run = async (app: TestApplication): Promise<void> => void await app.call("app:run", "app:bad");
    const { spans } = await traced(folder, run);
    assert.match(eventOf(spans, "app:bad", "ended").error ?? "", /no way/);
    assert.deepEqual(events((await traced(folder, run, false)).spans), []);
  }));
