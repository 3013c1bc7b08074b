/** The language server over TCP and HTTP, by its command and inside an application. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";
import { inFolder, start, wippy } from "../cli/wippy.ts";
import { PROJECT, REPORT } from "./project.ts";

async function connected(address: string): Promise<{ connection: MessageConnection; close: () => void }> {
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const connection = createMessageConnection(
    new StreamMessageReader(socket),
    new StreamMessageWriter(socket),
  );
  connection.listen();
  return {
    connection,
    close: () => {
      connection.dispose();
      socket.destroy();
    },
  };
}

async function post(
  url: string,
  body: string | object,
): Promise<{ status: number; headers: Headers; text: string }> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(url, {
    method: "POST",
    body: text,
    headers: { "content-type": "application/json" },
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const HOVER = { textDocument: { uri: "wippy://app:report" }, position: { line: 6, character: 24 } };

test("several editors are served over TCP, each with its own documents; one that leaves ends nothing [lsp.tcp]", async () => {
  await inFolder(PROJECT, async (folder) => {
    const server = start(["lsp", "--tcp", "127.0.0.1:0"], { cwd: folder });
    const [, address] = await server.until(/language server at (\S+)/);
    const first = await connected(address!);
    const second = await connected(address!);
    for (const { connection } of [first, second]) {
      await connection.sendRequest("initialize", { processId: null, rootUri: null, capabilities: {} });
    }
    await first.connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri: "wippy://app:report", languageId: "lua", version: 1, text: `\n${REPORT}` },
    });
    const there = await second.connection.sendRequest<{ contents: { value: string } }>(
      "textDocument/hover",
      HOVER,
    );
    assert.match(there.contents.value, /function area/);
    const here = await first.connection.sendRequest<{ contents: { value: string } }>(
      "textDocument/hover",
      HOVER,
    );
    assert.match(here.contents.value, /\(parameter\) input/, "its own text has moved");
    await first.connection.sendRequest("shutdown");
    await first.connection.sendNotification("exit");
    assert.ok(await second.connection.sendRequest("textDocument/hover", HOVER));
    first.close();
    second.close();
    server.signal("SIGTERM");
    assert.equal((await server.ended).code, 0);
  });
});

test("messages can be posted; browsers of the allowed origin may [lsp.http]", async () => {
  await inFolder({
    ...PROJECT,
    ".wippy.yaml":
      "lsp:\n  http_path: /editor\n  http_allow_origin: https://ide.test\n  max_message_bytes: 2000\n",
  }, async (folder) => {
    const server = start(["lsp", "--http", "127.0.0.1:0"], { cwd: folder });
    const [, url] = await server.until(/language server at (\S+)/);
    assert.match(url!, /\/editor$/);
    const request = (id: number | string, method: string, params: object) =>
      post(url!, { jsonrpc: "2.0", id, method, params });
    const early = JSON.parse((await request(1, "textDocument/hover", HOVER)).text);
    assert.deepEqual([early.id, early.error.code], [1, -32002]);
    const initialized = await request("a", "initialize", {
      processId: null,
      rootUri: null,
      capabilities: {},
    });
    assert.equal(initialized.status, 200);
    assert.equal(initialized.headers.get("access-control-allow-origin"), "https://ide.test");
    assert.equal(JSON.parse(initialized.text).id, "a");
    const notified = await post(url!, { jsonrpc: "2.0", method: "initialized", params: {} });
    assert.deepEqual([notified.status, notified.text], [204, ""]);
    const hover = JSON.parse((await request(2, "textDocument/hover", HOVER)).text);
    assert.match(hover.result.contents.value, /function area/);
    assert.equal((await post(url!, "{nonsense")).status, 400);
    assert.equal((await post(url!, "[]")).status, 400);
    const large = await post(url!, " ".repeat(2001));
    assert.equal(large.status, 413);
    assert.match(large.text, /2001 bytes; at most 2000/);
    assert.equal((await fetch(url!)).status, 405);
    assert.equal((await post(url!.replace("/editor", "/lsp"), {})).status, 404);
    const preflight = await fetch(url!, { method: "OPTIONS" });
    assert.deepEqual([preflight.status, preflight.headers.get("access-control-allow-methods")], [
      204,
      "POST, OPTIONS",
    ]);
    server.signal("SIGTERM");
    assert.equal((await server.ended).code, 0);
  });
});

const CONFIGURED = `version: "1.0"
lua:
  type_system:
    enabled: true
lsp:
  enabled: true
  address: 127.0.0.1:0
  http_enabled: true
  http_address: 127.0.0.1:0
`;

const LIVE = `${PROJECT["src/_index.yaml"]}
  - name: change
    kind: function.lua
    method: change
    modules: [registry]
    source: |
      local registry = require("registry")
      local function change()
        local snapshot = registry.snapshot()
        local entry = snapshot:get("app:shapes")
        entry.data.source = entry.data.source:gsub("circle: Circle%): number", "circle: Circle): string")
          :gsub("return 3.14 %* circle.radius %^ 2", 'return "x"')
        local changes = snapshot:changes()
        changes:update(entry)
        return changes:apply()
      end
      return {change = change}
`;

test("a running application serves editors as its configuration says [lsp.server] [config.lsp]", async () => {
  await inFolder({ ...PROJECT, ".wippy.yaml": CONFIGURED, "src/_index.yaml": LIVE }, async (folder) => {
    const application = start(["run", "-c"], { cwd: folder });
    await application.until(/runtime ready/);
    const [, tcp] = await application.until(/serving editors.*?(127\.0\.0\.1:\d+)/);
    const { connection, close } = await connected(tcp!);
    await connection.sendRequest("initialize", { processId: null, rootUri: null, capabilities: {} });
    const hover = () => connection.sendRequest<{ contents: { value: string } }>("textDocument/hover", HOVER);
    assert.match((await hover()).contents.value, /function area\(circle: Circle\): number/);
    // What the application's registry holds counts, not what the files say by now.
    const call = await wippy(["call", "--connect", "app:change"], { cwd: folder });
    assert.equal(call.code, 0, call.stderr);
    assert.match((await hover()).contents.value, /function area\(circle: Circle\): string/);
    close();
    application.signal("SIGINT");
    const end = await application.ended;
    assert.equal(end.code, 0, end.stderr);
  });
});

test("an application posts editors what they ask for; lsp.enabled is about TCP alone [lsp.server] [config.lsp] [lsp.http]", async () => {
  const config = CONFIGURED.replace("lsp:\n  enabled: true", "lsp:\n  enabled: false");
  await inFolder({ ...PROJECT, ".wippy.yaml": config }, async (folder) => {
    const application = start(["run", "-c"], { cwd: folder });
    const [, address] = await application.until(/serving editors.*?(127\.0\.0\.1:\d+)/);
    await application.until(/runtime ready/);
    const url = `http://${address}/lsp`;
    const initialize = { processId: null, rootUri: null, capabilities: {} };
    const first = await post(url, { jsonrpc: "2.0", id: 1, method: "initialize", params: initialize });
    assert.equal(first.headers.get("access-control-allow-origin"), "*");
    const hover = await post(url, { jsonrpc: "2.0", id: 2, method: "textDocument/hover", params: HOVER });
    assert.match(JSON.parse(hover.text).result.contents.value, /function area/);
    application.signal("SIGINT");
    const { code, stdout, stderr } = await application.ended;
    assert.equal(code, 0, stderr);
    assert.equal([...`${stdout}${stderr}`.matchAll(/serving editors/g)].length, 1, "nothing listens for TCP");
  });
});

test("without the type system the application runs and says why editors are not served [lsp.server]", async () => {
  const config = CONFIGURED.replace("enabled: true", "enabled: false");
  await inFolder({ ...PROJECT, ".wippy.yaml": config }, async (folder) => {
    const application = start(["run", "-c"], { cwd: folder });
    await application.until(/runtime ready/);
    await application.until(/needs lua\.type_system\.enabled/);
    application.signal("SIGINT");
    const end = await application.ended;
    assert.equal(end.code, 0, end.stderr);
  });
});

test("misuse of the command is told", async () => {
  const both = await wippy(["lsp", "--stdio", "--tcp", ":1"]);
  assert.deepEqual([both.code, both.stderr], [2, "error: --stdio and an address exclude each other\n"]);
  const bad = await wippy(["lsp", "--tcp", "nowhere"]);
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /--tcp: "nowhere" is no address/);
  const folder = await wippy(["lsp", "/no/such/folder"]);
  assert.equal(folder.code, 2);
});

test("a folder that is no project is not searched: a source on its own is served all the same", async () => {
  await inFolder({ "deep/_index.yaml": PROJECT["src/_index.yaml"]! }, async (folder) => {
    const server = start(["lsp", "--tcp", "127.0.0.1:0"], { cwd: folder });
    const [, address] = await server.until(/language server at (\S+)/);
    const { connection, close } = await connected(address!);
    await connection.sendRequest("initialize", { processId: null, rootUri: null, capabilities: {} });
    assert.deepEqual(await connection.sendRequest("workspace/symbol", { query: "app:" }), []);
    const uri = "file:///alone.lua";
    await connection.sendNotification("textDocument/didOpen", {
      textDocument: {
        uri,
        languageId: "lua",
        version: 1,
        text: 'local json = require("json")\nreturn json.encode(1)\n',
      },
    });
    const hover = await connection.sendRequest<{ contents: { value: string } }>("textDocument/hover", {
      textDocument: { uri },
      position: { line: 1, character: 14 },
    });
    assert.match(hover.contents.value, /json\.encode/);
    close();
    server.signal("SIGTERM");
    await server.ended;
  });
});
