/** From one place to others: definitions, references, names, outlines, calls, over the protocol. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { DocumentSymbol, Location, SymbolInformation } from "vscode-languageserver-protocol/node";
import { VERSION } from "../../src/cli/product.ts";
import { ACCOUNT, withEditor } from "./client.ts";
import { openAll, PROJECT, REPORT } from "./project.ts";

/** `file line:column` of places, from 0. */
function places(found: readonly Location[]): string[] {
  return found.map(({ uri, range }) =>
    `${
      uri.slice(uri.lastIndexOf("/") + 1)
    } ${range.start.line}:${range.start.character}-${range.end.character}`
  ).sort();
}

test("definitions are found across sources, fields of types and entries [lsp.features]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await openAll(editor);
    const definition = async (path: string, mark: string): Promise<string[]> =>
      places(await editor.request("textDocument/definition", editor.at(path, mark)));
    assert.deepEqual(await definition("src/report.lua", "shapes.are"), ["shapes.lua 10:11-15"]);
    assert.deepEqual(await definition("src/report.lua", 'require("shap'), ["shapes.lua 0:0-0"]);
    assert.deepEqual(await definition("src/report.lua", "area = ar"), ["report.lua 6:8-12"]);
    assert.deepEqual(await definition("src/shapes.lua", "circle.rad"), ["shapes.lua 2:2-8"]);
    assert.deepEqual(await definition("src/shapes.lua", "return hel"), ["shapes.lua 14:15-21"]);
    assert.deepEqual(await definition("src/worker.lua", '"app:rep'), ["report.lua 5:15-18"]);
  });
});

test("what libraries declare is found in files that an editor can open [lsp.features]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await openAll(editor);
    const source = `local json = require("json")
local ch: channel.Channel = channel.new(1)
ch:send(json.encode({ text = string.upper("a") }))
for _, value in ipairs({}) do print(value) end
local err = errors.new("no")
return err:kind(), err.nothing
`;
    await editor.edit("src/report.lua", REPORT, source);
    /** The text that a definition points at, with the file that it is in. */
    const declared = async (mark: string): Promise<string> => {
      const found: Location[] = await editor.request(
        "textDocument/definition",
        editor.at("src/report.lua", mark),
      );
      const [{ uri, range: { end, start } }] = found as [Location];
      const path = fileURLToPath(uri);
      assert.ok(path.startsWith(join(editor.folder, ACCOUNT, "reference")), path);
      if (process.platform !== "win32") {
        assert.equal(statSync(path).mode & 0o222, 0, "nobody edits it by mistake");
      }
      const line = readFileSync(path, "utf8").split("\n")[start.line]!;
      return `${basename(path)} ${line.slice(start.character, end.character)} | ${line}`;
    };
    assert.equal(
      await declared("json.enco"),
      "json.d.lua json.encode | function json.encode(value: any): (string?, error?)",
    );
    assert.match(await declared('require("js'), /^json\.d\.lua {2}\| --- JSON text/);
    assert.match(
      await declared("channel.Chan"),
      /^channel\.d\.lua channel\.Channel \| type channel\.Channel/,
    );
    assert.match(await declared("channel.ne"), /^channel\.d\.lua channel\.new \| function channel\.new\(/);
    assert.match(await declared("ch:se"), /^channel\.d\.lua send \| /);
    assert.match(await declared("string.up"), /^base\.d\.lua string\.upper \| function string\.upper\(/);
    assert.match(await declared("ipai"), /^base\.d\.lua ipairs \| function ipairs/);
    assert.match(await declared("err:ki"), /^\w+\.d\.lua kind \| /);
    assert.deepEqual(
      await editor.request("textDocument/definition", editor.at("src/report.lua", "err.noth")),
      [],
    );
    // What is opened there is served like any declaration: no findings.
    const uri = pathToFileURL(join(editor.folder, ACCOUNT, "reference", VERSION, "json.d.lua")).href;
    const report = await editor.request("textDocument/diagnostic", { textDocument: { uri } });
    assert.deepEqual(report.items, []);
    await editor.connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri, languageId: "lua", version: 1, text: readFileSync(fileURLToPath(uri), "utf8") },
    });
    const at = { textDocument: { uri }, position: { line: 14, character: 20 } };
    assert.equal(await editor.request("textDocument/hover", at), null);
    assert.deepEqual(await editor.request("workspace/symbol", { query: "validate_string" }), []);
  });
});

test("references of functions, locals and entries [lsp.features]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await openAll(editor);
    const references = async (path: string, mark: string, includeDeclaration = true): Promise<string[]> =>
      places(
        await editor.request("textDocument/references", {
          ...editor.at(path, mark),
          context: { includeDeclaration },
        }),
      );
    const both = ["report.lua 6:22-26", "shapes.lua 10:11-15"];
    assert.deepEqual(await references("src/shapes.lua", "function M.are"), both);
    assert.deepEqual(await references("src/report.lua", "shapes.are"), both);
    assert.deepEqual(await references("src/report.lua", "shapes.are", false), ["report.lua 6:22-26"]);
    assert.deepEqual(await references("src/report.lua", "local te"), [
      "report.lua 7:8-12",
      "report.lua 9:9-13",
    ]);
    assert.deepEqual(await references("src/worker.lua", '"app:rep'), [
      "_index.yaml 11:10-16",
      "worker.lua 3:33-45",
    ]);
  });
});

test("renaming changes every place, also methods in definition files; what can't be renamed is refused", async () => {
  await withEditor(PROJECT, async (editor) => {
    await openAll(editor);
    const rename = async (path: string, mark: string, newName: string): Promise<Record<string, string[]>> => {
      const { changes } = await editor.request("textDocument/rename", { ...editor.at(path, mark), newName });
      return Object.fromEntries(
        Object.entries(changes as Record<string, { range: Location["range"]; newText: string }[]>).map((
          [uri, edits],
        ) => [
          uri.slice(uri.lastIndexOf("/") + 1),
          edits.map(({ range, newText }) => `${range.start.line}:${range.start.character} ${newText}`),
        ]),
      );
    };
    assert.deepEqual(await rename("src/report.lua", "shapes.are", "surface"), {
      "shapes.lua": ["10:11 surface"],
      "report.lua": ["6:22 surface"],
    });
    assert.deepEqual(await rename("src/report.lua", "local function ru", "start"), {
      "report.lua": ["5:15 start", "12:8 start", "12:14 start"],
      "_index.yaml": ["16:12 start"],
    });
    assert.deepEqual(await rename("src/shapes.lua", "helper(n", "m"), {
      "shapes.lua": ["14:22 m", "15:9 m"],
    });
    await assert.rejects(rename("src/report.lua", "local te", "end"), /"end" is no name in Lua/);
    await assert.rejects(rename("src/report.lua", "json.enco", "x"), /only names that this project declares/);
    const prepared = await editor.request(
      "textDocument/prepareRename",
      editor.at("src/report.lua", "shapes.are"),
    );
    assert.equal(prepared.placeholder, "area");
  });
});

test("outlines of a source and of the whole project [lsp.workspace]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await openAll(editor);
    const symbols: DocumentSymbol[] = await editor.request("textDocument/documentSymbol", {
      textDocument: { uri: editor.uri("src/shapes.lua") },
    });
    assert.deepEqual(symbols.map(({ name }) => name), ["Circle", "M", "M.area", "helper", "M.twice"]);
    assert.deepEqual(symbols[0]!.children?.map(({ name }) => name), ["radius", "name"]);
    const search = async (query: string): Promise<string[]> =>
      (await editor.request("workspace/symbol", { query }) as SymbolInformation[]).map(({ name }) => name);
    assert.deepEqual(await search("area"), ["M.area"]);
    assert.deepEqual(await search("app:rep"), ["app:report"]);
    assert.deepEqual(await search("nosuchthing"), []);
  });
});

test("call hierarchy knows callers in other sources, by name and by entry [lsp.workspace]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await openAll(editor);
    const [area] = await editor.request(
      "textDocument/prepareCallHierarchy",
      editor.at("src/shapes.lua", "function M.are"),
    );
    assert.equal(area.name, "area");
    const callers = await editor.request("callHierarchy/incomingCalls", { item: area });
    assert.deepEqual(callers.map(({ from }: { from: { name: string } }) => from.name), ["run"]);
    const [run] = await editor.request(
      "textDocument/prepareCallHierarchy",
      editor.at("src/report.lua", "function ru"),
    );
    const above = await editor.request("callHierarchy/incomingCalls", { item: run });
    assert.deepEqual(
      above.map(({ from }: { from: { name: string; detail: string } }) => `${from.name} ${from.detail}`),
      [
        "main app:worker",
      ],
    );
    const below = await editor.request("callHierarchy/outgoingCalls", { item: run });
    assert.deepEqual(below.map(({ to }: { to: { name: string } }) => to.name), ["area"]);
  });
});

test("code actions grant a module, and import a library, in the definition file", async () => {
  await withEditor(PROJECT, async (editor) => {
    await openAll(editor);
    const textDocument = { uri: editor.uri("src/worker.lua") };
    const range = { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } };
    const actions = async (line: string) => {
      await editor.edit("src/worker.lua", "local funcs", `${line}\nlocal funcs`);
      const found = await editor.request("textDocument/codeAction", {
        textDocument,
        range,
        context: { diagnostics: [] },
      });
      await editor.edit("src/worker.lua", `${line}\nlocal funcs`, "local funcs");
      // deno-lint-ignore no-explicit-any
      return found.filter(({ title }: any) => /^Add /.test(title)).map(({ title, edit }: any) => [
        title,
        ...Object.values(edit.changes).flat().map((each) => (each as { newText: string }).newText),
      ]);
    };
    assert.deepEqual(await actions('local json = require("json")'), [["Add json to its modules", ", json"]]);
    assert.deepEqual(await actions('local shapes = require("shapes")'), [
      ["Add app:shapes to its imports", "\n    imports:\n      shapes: app:shapes"],
    ]);
    assert.deepEqual(await actions('local x = require("nowhere")'), []);
  });
});

test("documents can be named by their entries, and answers then name entries [lsp.uri]", async () => {
  await withEditor(PROJECT, async (editor) => {
    for (const uri of ["wippy://app:report", "app:report"]) {
      await editor.open(uri, REPORT);
      const hover = await editor.request("textDocument/hover", editor.at(uri, "shapes.are"));
      assert.match(hover.contents.value, /function area\(circle: Circle\): number/);
      const [found] = await editor.request("textDocument/definition", editor.at(uri, "shapes.are"));
      assert.equal(found.uri, "wippy://app:shapes");
      await editor.edit(uri, "radius = 2", "radius = nil");
      await editor.diagnostics(uri, (all) => all.some(({ severity }) => severity === 1));
      await editor.connection.sendNotification("textDocument/didClose", { textDocument: { uri } });
    }
    // A document that was never opened is the entry's source.
    const textDocument = { uri: "wippy://app:shapes" };
    const symbols: DocumentSymbol[] = await editor.request("textDocument/documentSymbol", { textDocument });
    assert.equal(symbols.length, 5);
  });
});

test("findings of the rules know the project, and their fixes are offered", async () => {
  await withEditor(PROJECT, async (editor) => {
    await openAll(editor);
    await editor.edit("src/worker.lua", "app:report", "app:reprt");
    await editor.diagnostics(
      "src/worker.lua",
      (all) =>
        all.some(({ code, message }) =>
          String(code)[0] === "S" && /app:reprt.*app:report/s.test(String(message))
        ),
    );
    const textDocument = { uri: editor.uri("src/report.lua") };
    const range = { start: { line: 5, character: 20 }, end: { line: 5, character: 20 } };
    const actions = await editor.request("textDocument/codeAction", {
      textDocument,
      range,
      context: { diagnostics: [] },
    });
    const fix = actions.find(({ kind }: { kind: string }) => kind === "quickfix");
    assert.equal(fix.title, "Rename it to _input");
    assert.deepEqual(fix.diagnostics.map(({ code }: { code: string }) => code), ["W0005"]);
    assert.deepEqual(Object.values(fix.edit.changes), [[{
      range: { start: { line: 5, character: 19 }, end: { line: 5, character: 19 } },
      newText: "_",
    }]]);
    const only = ["source.fixAll"];
    const [all] = await editor.request("textDocument/codeAction", {
      textDocument,
      range,
      context: { diagnostics: [], only },
    });
    assert.equal(all.kind, "source.fixAll");
  });
});
