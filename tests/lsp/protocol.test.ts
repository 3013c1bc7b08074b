/** The conversation itself: order, encodings, line ends, what is malformed, what is cancelled. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { CancellationTokenSource } from "vscode-languageserver-protocol/node";
import { commandLine, inFolder } from "../cli/wippy.ts";
import { withEditor } from "./client.ts";
import { openAll, PROJECT, REPORT } from "./project.ts";

/** Talks to the server in bytes. */
async function rawSession(
  body: (session: RawSession) => Promise<void>,
  files: Readonly<Record<string, string>> = {},
): Promise<number | null> {
  let code: number | null = null;
  await inFolder(files, async (folder) => {
    const session = new RawSession(folder);
    try {
      await body(session);
    } finally {
      session.end();
      code = await session.ended;
    }
  });
  return code;
}

class RawSession {
  readonly ended: Promise<number | null>;
  readonly #child: ReturnType<typeof spawn>;
  #received = "";
  readonly #waiting = new Set<() => void>();

  constructor(folder: string) {
    const [program, before] = commandLine();
    this.#child = spawn(program, [...before, "lsp", "--stdio"], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdin!.on("error", () => {
      // It ended first.
    });
    this.#child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.#received += text;
      for (const look of [...this.#waiting]) look();
    });
    this.ended = new Promise((resolve) => this.#child.on("close", resolve));
  }

  write(text: string): void {
    this.#child.stdin!.write(text);
  }

  send(message: object | string): void {
    const text = typeof message === "string" ? message : JSON.stringify({ jsonrpc: "2.0", ...message });
    this.write(`Content-Length: ${new TextEncoder().encode(text).length}\r\n\r\n${text}`);
  }

  /** Waits until what came matches. */
  until(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!pattern.test(this.#received)) return;
        this.#waiting.delete(look);
        resolve(this.#received);
      };
      this.#waiting.add(look);
      look();
      void this.ended.then(() => reject(new Error(`ended before ${pattern}: ${this.#received}`)));
    });
  }

  end(): void {
    this.#child.stdin!.end();
  }
}

const INITIALIZE = {
  id: 1,
  method: "initialize",
  params: { processId: null, rootUri: null, capabilities: {} },
};

test("requests before initialize and after shutdown are refused; the exit code says whether the end was in order", async () => {
  const code = await rawSession(async (session) => {
    session.send({ id: 7, method: "textDocument/hover", params: {} });
    assert.match(await session.until(/"id":7/), /-32002/);
    session.send(INITIALIZE);
    await session.until(/"capabilities"/);
    session.send({ ...INITIALIZE, id: 2 });
    assert.match(await session.until(/"id":2,/), /initialize was sent before/);
    session.send({ id: 3, method: "no/such", params: {} });
    assert.match(await session.until(/"id":3/), /-32601/);
    session.send({ id: 4, method: "shutdown" });
    await session.until(/"id":4/);
    session.send({ id: 5, method: "workspace/symbol", params: { query: "" } });
    assert.match(await session.until(/"id":5/), /-32600/);
    session.send({ method: "exit" });
    assert.equal(await session.ended, 0);
  });
  assert.equal(code, 0);
  const early = await rawSession(async (session) => {
    session.send(INITIALIZE);
    await session.until(/"capabilities"/);
    session.send({ method: "exit" });
    await session.ended;
  });
  assert.equal(early, 1);
  const abandoned = await rawSession(async (session) => {
    session.send(INITIALIZE);
    await session.until(/"capabilities"/);
  });
  assert.equal(abandoned, 1, "the editor went away");
});

test("malformed messages are refused and the conversation goes on", async () => {
  await rawSession(async (session) => {
    session.send("{nonsense");
    assert.match(await session.until(/-32700/), /not JSON/);
    session.send("[]");
    await session.until(/-32600.*one JSON object/);
    session.send("5");
    session.send({ id: 1 });
    session.send({ method: 5 });
    session.send(INITIALIZE);
    await session.until(/"capabilities"/);
    session.send({ id: 8, method: "textDocument/hover", params: { textDocument: { uri: 5 } } });
    session.send({ id: 9, method: "textDocument/hover" });
    session.send({ method: "textDocument/didChange", params: { nonsense: true } });
    session.send({ id: 10, method: "workspace/symbol", params: { query: "x" } });
    assert.match(await session.until(/"id":10/), /"id":10,"result":\[\]/);
    // In pieces, as a pipe may hand it over.
    const text = JSON.stringify({
      jsonrpc: "2.0",
      id: 11,
      method: "workspace/symbol",
      params: { query: "\u00e9" },
    });
    const whole = `Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length: ${
      new TextEncoder().encode(text).length
    }\r\n\r\n${text}`;
    for (const letter of whole) session.write(letter);
    await session.until(/"id":11,"result"/);
  });
});

test("messages past lsp.max_message_bytes are refused, and headers that make no sense end the conversation [config.lsp]", async () => {
  const config = { ".wippy.yaml": "lsp:\n  max_message_bytes: 4000\n" };
  await rawSession(async (session) => {
    session.send(INITIALIZE);
    await session.until(/"capabilities"/);
    const query = "x".repeat(5000);
    session.send({ id: 2, method: "workspace/symbol", params: { query } });
    assert.match(await session.until(/-32600/), /at most 4000 are read/);
    session.send({ id: 3, method: "workspace/symbol", params: { query: "x" } });
    await session.until(/"id":3,"result"/);
    session.write("Hello: there\r\n\r\n");
    await session.until(/without Content-Length/);
    session.end();
    assert.equal(await session.ended, 1);
  }, config);
});

test("a request that is cancelled while others run is answered as cancelled", async () => {
  await withEditor(PROJECT, async (editor) => {
    await openAll(editor);
    const source = new CancellationTokenSource();
    const first = editor.connection.sendRequest("workspace/symbol", { query: "" });
    const second = editor.connection.sendRequest("workspace/symbol", { query: "" }, source.token);
    source.cancel();
    await assert.rejects(second, { code: -32800 });
    assert.ok(Array.isArray(await first));
  });
});

const WIDE = `local json = require("json")
local s = "\u{1f600}\u00e9" local json_2 = json.encode("x")
return json_2
`;

test("columns count UTF-16 units, or bytes where the client wants them, also behind characters of several", async () => {
  for (
    const [encodings, column, name] of [[undefined, 33, "utf-16"], [
      ["utf-8", "utf-16"],
      36,
      "utf-8",
    ]] as const
  ) {
    await withEditor(PROJECT, async (editor) => {
      assert.equal(editor.initialized.capabilities.positionEncoding, name);
      await editor.open("src/report.lua", WIDE);
      const textDocument = { uri: editor.uri("src/report.lua") };
      const hover = await editor.request("textDocument/hover", {
        textDocument,
        position: { line: 1, character: column },
      });
      assert.match(hover.contents.value, /module json|local json/);
      const start = name === "utf-8" ? 34 : 31;
      assert.deepEqual(hover.range.start, { line: 1, character: start });
      // A change behind the wide characters lands where it is meant.
      const end = { line: 1, character: start + 4 };
      await editor.change("src/report.lua", [{
        range: { start: { line: 1, character: start }, end },
        text: "nope",
      }]);
      const found = await editor.diagnostics(
        "src/report.lua",
        (all) => all.some(({ severity }) => severity === 1),
      );
      const error = found.find(({ severity }) => severity === 1)!;
      assert.match(String(error.message), /undefined variable 'nope'/);
      assert.deepEqual(error.range, { start: { line: 1, character: start }, end });
      // A place inside a pair of surrogates is moved to its start.
      const inside = { line: 1, character: 12 };
      await editor.change("src/report.lua", [{ range: { start: inside, end: inside }, text: "" }]);
      await editor.request("textDocument/documentSymbol", { textDocument });
    }, encodings === undefined ? {} : { encodings });
  }
});

test("line ends of all systems count once", async () => {
  await withEditor(PROJECT, async (editor) => {
    const text = "local a = 1\r\nlocal b = 2\rlocal c = 3\nreturn nothing\r\n";
    await editor.open("src/report.lua", text);
    const found = await editor.diagnostics(
      "src/report.lua",
      (all) => all.some(({ severity }) => severity === 1),
    );
    const error = found.find(({ severity }) => severity === 1)!;
    assert.deepEqual(error.range, { start: { line: 3, character: 7 }, end: { line: 3, character: 14 } });
    await editor.change("src/report.lua", [
      { range: { start: { line: 3, character: 7 }, end: { line: 3, character: 99 } }, text: "a + b + c" },
    ]);
    await editor.diagnostics("src/report.lua", (all) => all.length === 0);
    const textDocument = { uri: editor.uri("src/report.lua") };
    await editor.replace("src/report.lua", "local a=1\r\nreturn a\r\n");
    const [edit] = await editor.request("textDocument/formatting", { textDocument, options: {} });
    assert.deepEqual([edit.newText, edit.range], [
      "local a = 1\r\n",
      { start: { line: 0, character: 0 }, end: { line: 1, character: 0 } },
    ]);
  });
});

test("documents that nobody knows, places outside and odd names get empty answers", async () => {
  await withEditor(PROJECT, async (editor) => {
    await editor.open("src/report.lua", REPORT);
    const position = { line: 1000, character: 1000 };
    for (
      const uri of ["file:///nowhere.lua", "untitled:1", "wippy://no:entry", "wippy://%E0%A4%A", "", "x y"]
    ) {
      const params = { textDocument: { uri }, position };
      assert.equal(await editor.request("textDocument/hover", params), null, uri);
      assert.deepEqual(await editor.request("textDocument/definition", params), [], uri);
      assert.deepEqual((await editor.request("textDocument/completion", params)).items, [], uri);
      assert.deepEqual(await editor.request("textDocument/documentSymbol", params), [], uri);
    }
    const outside = { textDocument: { uri: editor.uri("src/report.lua") }, position };
    assert.equal(await editor.request("textDocument/hover", outside), null);
    const negative = { textDocument: outside.textDocument, position: { line: -1, character: -1 } };
    await editor.request("textDocument/completion", negative);
  });
});
