/** The control connection: what a running application does for those who ask. */
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import {
  connectControl,
  type ControlClient,
  controlComponent,
  controlPath,
} from "../../src/app/control/mod.ts";
import { fromJson, LINE_BYTES_MAX, LineReader, toJson } from "../../src/app/control/wire.ts";
import type { Failure, Value, ValueMap } from "../../src/core/mod.ts";
import { SystemFiles, SystemSockets } from "../../src/platform/mod.ts";
import { startApplication, type TestApplication } from "../application.ts";
import { inWorld } from "../contracts/worlds.ts";

const PROJECT = `
version: "1.0"
namespace: app
entries:
  - name: host
    kind: process.host
    lifecycle: {auto_start: true}
  - name: echo
    kind: function.lua
    method: main
    source: |
      return { main = function(...) return { ... } end }
  - name: fails
    kind: function.lua
    method: main
    source: |
      return { main = function()
        return nil, errors.new({ message = "no luck", kind = errors.CONFLICT, retryable = true, details = { at = "dawn" } })
      end }
  - name: waits
    kind: function.lua
    method: main
    source: |
      return { main = function()
        print("waiting")
        process.events():receive()
      end }
  - name: worker
    kind: process.lua
    method: main
    source: |
      return { main = function()
        process.registry.register("the_worker")
        process.events():receive()
      end }
  - name: service
    kind: process.service
    process: app:worker
    host: app:host
    lifecycle: {auto_start: true}
`;

const sockets = new SystemSockets();
const files = new SystemFiles();

/** Runs an application with a control connection in `folder`, and a client of it. */
async function controlled(
  body: (app: TestApplication, client: ControlClient, folder: string) => Promise<void>,
): Promise<void> {
  await inWorld("system", async ({ folder }) => {
    const { app, stop } = await startApplication(PROJECT, {
      components: [controlComponent(sockets, folder)],
    });
    try {
      const client = await connectControl(sockets, files, folder);
      assert.ok(client);
      await body(app, client, folder);
      client.close();
    } finally {
      await stop();
    }
    assert.equal(files.stat(controlPath(files, folder)), undefined, "the socket goes with the application");
    assert.equal(await connectControl(sockets, files, folder), undefined);
  });
}

function failure(kind: string, message: RegExp): (error: Failure) => boolean {
  return (error) => {
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    return true;
  };
}

test("a call over the control connection keeps values as they are", () =>
  controlled(async (_app, client) => {
    const args: Value[] = [1, 2.5, "grüße\n", true, 2n ** 60n, new Uint8Array([0, 255]), [1, [2]], {
      $a: { b: 1 },
    }];
    const result = await client.request("call", { target: "app:echo", args }) as Value[];
    assert.deepEqual(result.slice(0, 5), args.slice(0, 5));
    assert.deepEqual([...result[5] as Uint8Array], [0, 255]);
    assert.deepEqual(result.slice(6), args.slice(6));
    assert.equal(
      await client.request("call", { target: "app:echo" }).then((value) => (value as Value[]).length),
      0,
    );
  }));

test("failures arrive with kind, message and details", () =>
  controlled(async (_app, client) => {
    await assert.rejects(client.request("call", { target: "app:fails" }), (error: Failure) => {
      assert.equal(error.kind, "Conflict");
      assert.equal(error.message, "no luck");
      assert.equal(error.retryable, true);
      assert.deepEqual(error.details, { at: "dawn" });
      return true;
    });
    await assert.rejects(client.request("call", { target: "app:none" }), failure("NotFound", /no handler/));
    await assert.rejects(client.request("call"), failure("Invalid", /target must be a text/));
    await assert.rejects(client.request("nonsense"), failure("Invalid", /unknown operation nonsense/));
    await assert.rejects(client.request("toString"), failure("Invalid", /unknown operation/));
  }));

test("requests run side by side; a client that goes cancels what it asked for", () =>
  controlled(async (app, client, folder) => {
    const other = (await connectControl(sockets, files, folder))!;
    const pending = other.request("call", { target: "app:waits" });
    const lost = assert.rejects(pending, failure("Unavailable", /connection .* was lost/));
    await app.until(() => app.logs.some(({ message }) => message === "waiting"), "the call to begin");
    const busy = () => (app.application.runtime.functions.workers()["app:waits"]?.workers ?? 0) > 0;
    assert.ok(busy());
    const [first, second] = await Promise.all([
      client.request("call", { target: "app:echo", args: ["a"] }),
      client.request("call", { target: "app:echo", args: ["b"] }),
    ]);
    assert.deepEqual([first, second], [["a"], ["b"]]);
    other.close();
    await lost;
    await app.until(() => !busy(), "the call to be canceled");
    await assert.rejects(other.request("status"), failure("Unavailable", /was lost/));
  }));

test("processes, services and entries are shown", () =>
  controlled(async (app, client) => {
    const named = async (): Promise<ValueMap | undefined> => {
      const { processes } = await client.request("ps") as { processes: ValueMap[] };
      return processes.find(({ names }) => (names as string[]).includes("the_worker"));
    };
    const worker = await app.until(named, "the worker's name");
    assert.equal(worker["entry"], "app:worker");
    assert.equal(worker["host"], "app:host");
    const status = await client.request("status") as { version: number; services: ValueMap[] };
    assert.equal(status.version, 0);
    assert.deepEqual(
      status.services.map(({ id, status }) => [id, status]),
      [["app:host", "running"], ["app:service", "running"]],
    );
    const entries = await client.request("registry.list") as ValueMap[];
    assert.deepEqual(entries.map(({ id }) => id).sort(), [
      "app:echo",
      "app:fails",
      "app:host",
      "app:service",
      "app:waits",
      "app:worker",
    ]);
    const shown = await client.request("registry.show", { id: "app:echo" }) as {
      entry: ValueMap;
      origin: ValueMap;
    };
    assert.equal(shown.entry["kind"], "function.lua");
    assert.deepEqual(shown.origin, { file: "src/_index.yaml", line: 8 });
    await assert.rejects(
      client.request("registry.show", { id: "app:no" }),
      failure("NotFound", /entry not found: app:no/),
    );
  }));

test("versions are applied, compared and rolled back", () =>
  controlled(async (_app, client) => {
    const echo = (text: string): ValueMap => ({
      id: "app:echo",
      kind: "function.lua",
      meta: {},
      data: { method: "main", source: `return { main = function() return "${text}" end }` },
    });
    const applied = await client.request("registry.apply", {
      changes: [
        { kind: "entry.update", entry: echo("changed") },
        { kind: "entry.delete", id: "app:fails" },
        { kind: "entry.create", entry: { ...echo("new"), id: "app:new" } },
      ],
    }) as ValueMap;
    assert.equal(applied["id"], 1);
    assert.equal(await client.request("call", { target: "app:echo" }), "changed");
    assert.equal(await client.request("call", { target: "app:new" }), "new");
    const diff = await client.request("registry.diff", { from: 0, to: 1 }) as {
      kind: string;
      entry: { id: string };
    }[];
    assert.deepEqual(diff.map(({ kind, entry }) => `${kind} ${entry.id}`).sort(), [
      "entry.create app:new",
      "entry.delete app:fails",
      "entry.update app:echo",
    ]);
    assert.equal((await client.request("registry.changes", { version: 1 }) as Value[]).length, 3);
    await client.request("registry.rollback", { version: 0 });
    assert.deepEqual(await client.request("call", { target: "app:echo", args: [1] }), [1]);
    const history = await client.request("registry.history") as { current: number; versions: ValueMap[] };
    assert.equal(history.current, 0);
    assert.deepEqual(history.versions.map(({ id, parent }) => [id, parent]), [[0, null], [1, 0]]);
    await assert.rejects(
      client.request("registry.rollback", { version: 9 }),
      failure("NotFound", /version not found/),
    );
    await assert.rejects(
      client.request("registry.apply", { changes: [{ kind: "entry.rename" }] }),
      failure("Invalid", /entry/),
    );
  }));

test("an application can be asked to stop, with an exit code", () =>
  controlled(async (app, client) => {
    assert.equal(await client.request("stop", { code: 5 }), true);
    assert.equal(await app.application.ended, 5);
  }));

test("only the same user may open the socket, and a second application leaves the first in place", () =>
  controlled(async (_app, client, folder) => {
    const path = controlPath(files, folder);
    assert.equal(files.stat(path)!.mode, 0o600);
    const second = await startApplication(PROJECT, { components: [controlComponent(sockets, folder)] });
    assert.ok(
      second.app.logs.some(({ message }) => message.startsWith("another instance runs in this folder")),
    );
    await second.stop();
    assert.equal((await client.request("call", { target: "app:echo", args: [1] }) as Value[])[0], 1);
  }));

test("what an instance that died has left is replaced", () =>
  inWorld("system", async ({ folder }) => {
    const path = controlPath(files, folder);
    files.makeDirectory(files.directory(path));
    writeFileSync(path, "");
    chmodSync(path, 0o600);
    assert.equal(await connectControl(sockets, files, folder), undefined);
    const { stop } = await startApplication(PROJECT, { components: [controlComponent(sockets, folder)] });
    const client = await connectControl(sockets, files, folder);
    assert.ok(client);
    client.close();
    await stop();
  }));

test("a folder that can't hold a socket does not keep the application from running", () =>
  inWorld("system", async ({ folder }) => {
    writeFileSync(`${folder}/.wippy`, "a file");
    const { app, stop } = await startApplication(PROJECT, {
      components: [controlComponent(sockets, folder)],
    });
    assert.ok(app.logs.some(({ message }) => message.startsWith("no control connection")));
    assert.deepEqual(await app.call("app:echo", 1), [1]);
    await stop();
  }));

test("what is not JSON is refused and the connection goes on", () =>
  controlled(async (_app, _client, folder) => {
    const lines: string[] = [];
    const reader = new LineReader((line) => lines.push(line));
    const answered = Promise.withResolvers<void>();
    const connection = await sockets.connect(controlPath(files, folder), {
      data: (_open, data) => {
        reader.push(data);
        if (lines.length === 3) answered.resolve();
      },
      closed: () => {},
    });
    const write = (text: string): void => connection.write(new TextEncoder().encode(text));
    write("hello\n\n");
    write('{"id": 4}\n{"id": 5, "oper');
    write('ation": "call", "arguments": {"target": "app:echo"}}\n');
    await answered.promise;
    const answers = lines.map((line) => JSON.parse(line)).sort((a, b) => a.id - b.id);
    assert.deepEqual(answers.map(({ id, error }) => [id, error?.kind]), [[0, "Invalid"], [0, "Invalid"], [
      5,
      undefined,
    ]]);
    connection.end();
  }));

test("lines are cut wherever chunks end, and have a limit", () => {
  const lines: string[] = [];
  const reader = new LineReader((line) => lines.push(line));
  const push = (text: string): boolean => reader.push(new TextEncoder().encode(text));
  assert.ok(push("a"));
  assert.ok(push("b\nc\n\nd"));
  assert.ok(push("\n"));
  assert.deepEqual(lines, ["ab", "c", "d"]);
  const large = new Uint8Array(LINE_BYTES_MAX / 4 + 1).fill(65);
  assert.deepEqual([1, 2, 3, 4].map(() => reader.push(large)), [true, true, true, false]);
});

test("values survive JSON", () => {
  const value: Value = {
    $integer: "text",
    list: [null, NaN, Infinity, -0.5, 2n ** 63n],
    bytes: new Uint8Array(20_000).fill(7),
    nested: { $$: 1 },
  };
  assert.deepEqual(fromJson(JSON.parse(JSON.stringify(toJson(value)))), value);
});
