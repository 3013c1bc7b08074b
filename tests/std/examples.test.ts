/** The examples of the reference pages run, in an application that has what they name. */
// services: moto
import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { readReference } from "../../src/lang/mod.ts";
import { declarations as modules } from "../../std/declarations.gen.ts";
import { ScriptedTerminal } from "../app/scripted_terminal.ts";
import { startApplication, withApplication } from "../application.ts";
import { missing, serviceUrl } from "../services.ts";

const AUTO = { auto_start: true };

/** What the examples name. */
const WORLD: readonly ValueMap[] = [
  { name: "host", kind: "process.host", lifecycle: AUTO },
  { name: "term", kind: "terminal.host", lifecycle: AUTO },
  { name: "db", kind: "db.sql.sqlite", file: ":memory:", lifecycle: AUTO },
  { name: "cache", kind: "store.memory", lifecycle: AUTO },
  { name: "files", kind: "fs.directory", directory: "./data", auto_init: true },
  { name: "groups", kind: "pg.scope", lifecycle: AUTO },
  { name: "driver", kind: "queue.driver.memory", lifecycle: AUTO },
  { name: "jobs", kind: "queue.queue", driver: "app:driver" },
  { name: "memory", kind: "env.storage.memory" },
  { name: "greeting", kind: "env.variable", variable: "GREETING", storage: "app:memory", default: "" },
  {
    name: "readers",
    kind: "security.policy",
    policy: { actions: "read", resources: "document:*", effect: "allow" },
  },
  {
    name: "greet",
    kind: "function.lua",
    method: "main",
    source: `return { main = function(name) return "Hello, " .. name end }`,
  },
  {
    name: "greet_politely",
    kind: "function.lua",
    method: "main",
    source: `return { main = function(name) return "Good day, " .. name end }`,
  },
  { name: "greeter", kind: "contract.definition", methods: [{ name: "greet" }] },
  {
    name: "polite_greeter",
    kind: "contract.binding",
    contracts: [{ contract: "app:greeter", methods: { greet: "app:greet_politely" } }],
  },
  { name: "shell", kind: "exec.native", command_whitelist: ["echo hello"] },
  { name: "pages", kind: "template.set" },
  { name: "hello", kind: "template.jet", set: "app:pages", source: "Hello, {{ name }}!" },
  {
    name: "request_id",
    kind: "function.lua",
    method: "main",
    modules: ["ctx"],
    source: `return { main = function() return (ctx.get("request_id")) end }`,
  },
  {
    name: "echo",
    kind: "process.lua",
    method: "main",
    source: `return { main = function(parent)
  local inbox, events = process.inbox(), process.events()
  while true do
    local r = channel.select({ inbox:case_receive(), events:case_receive() })
    if r.channel == events then return end
    process.send(parent, "echo", r.value:payload():data())
  end
end }`,
  },
];

/** Modules whose examples answer a request or talk to a terminal. */
const ENDPOINTS = new Set(["http"]);
const TERMINALS = new Set(["io"]);
/** Modules whose examples are workflows. */
const WORKFLOWS = new Set(["workflow"]);

/** Modules whose examples need a service that is real. */
const SERVICES: Readonly<Record<string, string>> = { cloudstorage: "moto" };

/** Runs an example beside a bucket `app:bucket`, which is made first. */
async function runOnStorage(source: string): Promise<void> {
  const endpoint = serviceUrl("moto")!.origin;
  const bucket = "examples";
  const made = await fetch(`${endpoint}/${bucket}`, { method: "PUT" });
  await made.text();
  const more = [
    {
      name: "aws",
      kind: "config.aws",
      region: "eu-central-1",
      access_key_id: "KEY",
      secret_access_key: "SECRET",
    },
    { name: "bucket", kind: "cloudstorage.s3", bucket, config: "app:aws", endpoint },
  ];
  await withApplication(
    projectOf("function.lua", source, more),
    (app) => app.call("app:example").then(() => {}),
  );
}

function projectOf(
  kind: "function.lua" | "process.lua" | "workflow.lua",
  source: string,
  more: readonly ValueMap[] = [],
): string {
  const required = [...source.matchAll(/require\("(\w+)"\)/g)].map((match) => match[1]!);
  const example = {
    name: "example",
    kind,
    method: "main",
    modules: [...new Set(required)],
    source: `return { main = function()\n${source}\nend }`,
  };
  return JSON.stringify({ version: "1.0", namespace: "app", entries: [...WORLD, example, ...more] });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function runAsEndpoint(source: string): Promise<void> {
  const port = await freePort();
  const more = [
    { name: "gateway", kind: "http.service", addr: `127.0.0.1:${port}`, lifecycle: AUTO },
    { name: "api", kind: "http.router", meta: { server: "gateway" }, prefix: "/" },
    {
      name: "endpoint",
      kind: "http.endpoint",
      meta: { router: "api" },
      method: "GET",
      path: "/example",
      func: "example",
    },
  ];
  await withApplication(projectOf("function.lua", source, more), async () => {
    const response = await fetch(`http://127.0.0.1:${port}/example?name=Ada`);
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { message: "Hello, Ada!" });
  });
}

async function runOnTerminal(source: string): Promise<void> {
  const terminal = new ScriptedTerminal({ input: ["Ada\n"] });
  const { app, stop } = await startApplication(projectOf("process.lua", source));
  try {
    const code = await app.application.runTerminal({ process: "app:example", args: [], terminal });
    assert.equal(code, 0);
    assert.equal(terminal.text, "Name: Hello, Ada!\n");
  } finally {
    await stop();
  }
}

async function runAsWorkflow(source: string): Promise<void> {
  const greeter = (name: string, words: string): ValueMap => ({
    name,
    kind: "workflow.lua",
    method: "main",
    source: `return { main = function(name) return "${words}, " .. name end }`,
  });
  const more = [
    { name: "flows", kind: "temporal.client", address: "embedded", lifecycle: AUTO },
    { name: "worker", kind: "temporal.worker", client: "app:flows", task_queue: "orders", lifecycle: AUTO },
    greeter("greet_shortly", "Hi"),
    greeter("greet_warmly", "Good day"),
    {
      name: "run",
      kind: "function.lua",
      method: "main",
      source: `return { main = function() return process.exec("app:example", "app:worker") end }`,
    },
  ];
  await withApplication(
    projectOf("workflow.lua", source, more),
    (app) => app.call("app:run").then(() => {}),
  );
}

for (const { name, types } of modules) {
  const { examples } = readReference(types);
  const skip = SERVICES[name] === undefined ? false : missing(SERVICES[name]);
  test(`${name}: the example of its reference page runs`, { skip }, async () => {
    assert.ok(examples.length > 0, `std/${name}/${name}.d.lua has no example`);
    for (const example of examples) {
      if (ENDPOINTS.has(name)) await runAsEndpoint(example);
      else if (TERMINALS.has(name)) await runOnTerminal(example);
      else if (WORKFLOWS.has(name)) await runAsWorkflow(example);
      else if (name in SERVICES) await runOnStorage(example);
      else {await withApplication(projectOf("function.lua", example), (app) =>
          app.call("app:example").then(() => {}));}
    }
  });
}
