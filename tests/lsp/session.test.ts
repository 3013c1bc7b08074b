/** What editors ask about Lua sources, over the protocol, against the real command. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CompletionItem, DocumentSymbol } from "vscode-languageserver-protocol/node";
import { withEditor } from "./client.ts";
import { INDEX, openAll, PROJECT, REPORT, SHAPES, WORKER } from "./project.ts";

function labels(list: { items: CompletionItem[] }): string[] {
  return list.items.map(({ label }) => label);
}

test("the server says what it can do and ends in order [lsp.methods]", async () => {
  await withEditor(PROJECT, (editor) => {
    const { capabilities, serverInfo } = editor.initialized;
    assert.equal(serverInfo?.name, "wippy");
    for (
      const name of [
        "hoverProvider",
        "definitionProvider",
        "referencesProvider",
        "documentSymbolProvider",
        "workspaceSymbolProvider",
        "callHierarchyProvider",
        "documentFormattingProvider",
      ] as const
    ) assert.equal(capabilities[name], true, name);
    for (
      const name of [
        "completionProvider",
        "signatureHelpProvider",
        "diagnosticProvider",
        "semanticTokensProvider",
        "codeActionProvider",
        "renameProvider",
      ] as const
    ) assert.equal(typeof capabilities[name], "object", name);
    assert.equal(capabilities.positionEncoding, "utf-16");
    return Promise.resolve();
  });
});

test("every request of the documentation is answered with something [lsp.methods]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await openAll(editor);
    const call = editor.at("src/report.lua", "shapes.are");
    const { textDocument } = call;
    const [item] = await editor.request("textDocument/prepareCallHierarchy", call);
    const [caller] = await editor.request(
      "textDocument/prepareCallHierarchy",
      editor.at("src/report.lua", "function ru"),
    );
    const asked: Readonly<Record<string, object>> = {
      "textDocument/hover": call,
      "textDocument/definition": call,
      "textDocument/references": { ...call, context: { includeDeclaration: true } },
      "textDocument/completion": call,
      "textDocument/signatureHelp": editor.at("src/report.lua", "shapes.area("),
      "textDocument/diagnostic": { textDocument },
      "textDocument/documentSymbol": { textDocument },
      "workspace/symbol": { query: "area" },
      "textDocument/prepareCallHierarchy": call,
      "callHierarchy/incomingCalls": { item },
      "callHierarchy/outgoingCalls": { item: caller },
    };
    for (const [method, params] of Object.entries(asked)) {
      const answer = await editor.request(method, params);
      const found = Array.isArray(answer) ? answer : answer?.items ?? [answer];
      assert.ok(found.length > 0 && found[0] !== null, `${method} answered ${JSON.stringify(answer)}`);
    }
    // Documents are synchronised: opened, changed as a whole, closed.
    const { textDocumentSync } = editor.initialized.capabilities;
    assert.equal((textDocumentSync as { openClose: boolean }).openClose, true);
  });
});

test("diagnostics come while a document that is not saved is edited, with severities [lsp.diagnostics]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await editor.open("src/report.lua", REPORT);
    const first = await editor.diagnostics("src/report.lua", (found) => found.length > 0);
    assert.deepEqual(first.map(({ code, severity }) => [code, severity]), [["W0006", 2], ["W0005", 4]]);
    assert.deepEqual(first[0]!.tags, [1]);
    await editor.edit("src/report.lua", "radius = 2", 'radius = "2"');
    const second = await editor.diagnostics(
      "src/report.lua",
      (found) => found.some(({ severity }) => severity === 1),
    );
    const error = second.find(({ severity }) => severity === 1)!;
    assert.equal(error.code, "E0001");
    assert.match(String(error.message), /not assignable to/);
    assert.equal(error.range.start.line, 6);
    await editor.edit("src/report.lua", "local area =", "local area = =");
    const third = await editor.diagnostics(
      "src/report.lua",
      (found) => found.some(({ code }) => code === "P0001"),
    );
    assert.deepEqual(third.map(({ code }) => code).includes("P0001"), true);
    await editor.edit("src/report.lua", "local area = =", "local area =");
    await editor.edit("src/report.lua", 'radius = "2"', "radius = 2");
    await editor.diagnostics("src/report.lua", (found) => found.every(({ severity }) => severity !== 1));
  });
});

test("a change of a library is seen where it is imported, and forgotten when it is closed unsaved [lsp.sync] [lsp.index]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await openAll(editor);
    await editor.diagnostics("src/report.lua", (found) => found.length === 2);
    await editor.edit("src/shapes.lua", "radius: number", "radius: string");
    const found = await editor.diagnostics(
      "src/report.lua",
      (all) => all.some(({ code }) => code === "E0001"),
    );
    assert.match(
      String(found.find(({ code }) => code === "E0001")!.message),
      /integer not assignable to string/,
    );
    const closed = { textDocument: { uri: editor.uri("src/shapes.lua") } };
    await editor.connection.sendNotification("textDocument/didClose", closed);
    await editor.diagnostics("src/report.lua", (all) => all.every(({ code }) => code !== "E0001"));
  });
});

test("whole texts are taken as well as changes of ranges, in order [lsp.sync]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await editor.open("src/worker.lua", WORKER);
    await editor.change("src/worker.lua", [
      { text: "local a = 1\nreturn a\n" },
      { range: { start: { line: 0, character: 6 }, end: { line: 0, character: 7 } }, text: "bb" },
      { range: { start: { line: 1, character: 7 }, end: { line: 1, character: 8 } }, text: "bb\n" },
    ]);
    const symbols: DocumentSymbol[] = await editor.request("textDocument/documentSymbol", {
      textDocument: { uri: editor.uri("src/worker.lua") },
    });
    assert.deepEqual(symbols.map(({ name }) => name), ["bb"]);
    await editor.diagnostics("src/worker.lua", (found) => found.length === 0);
  });
});

test("hover shows types, narrowed where they are, and what is written about things [lsp.features]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await openAll(editor);
    const hover = async (path: string, mark: string): Promise<string> =>
      (await editor.request("textDocument/hover", editor.at(path, mark)))?.contents.value;
    assert.equal(
      await hover("src/report.lua", "shapes.are"),
      "```lua\nfunction area(circle: Circle): number\n```\n\nArea of a circle.\nNever negative.",
    );
    assert.match(
      await hover("src/report.lua", "json.enco"),
      /function json\.encode\(value.*\n```\n\nThe JSON of a value/,
    );
    assert.match(await hover("src/report.lua", "local te"), /local text: string\?/);
    assert.match(await hover("src/report.lua", "return te"), /local text: string\n/);
    assert.match(
      await hover("src/report.lua", "function ru"),
      /local function run\(input\).*\n```\n\nRuns the report\./s,
    );
    assert.match(
      await hover("src/worker.lua", '"app:rep'),
      /\*\*app:report\*\* · `function\.lua`\n\nReport of areas/,
    );
    assert.match(await hover("src/shapes.lua", "circle.rad"), /radius: number\n```\n\nHalf of the width\./);
    assert.match(await hover("src/shapes.lua", "circle: Cir"), /type Circle = \{/);
    assert.match(await hover("src/report.lua", 'require("js'), /module json/);
    const nothing = {
      textDocument: { uri: editor.uri("src/report.lua") },
      position: { line: 3, character: 0 },
    };
    assert.equal(await editor.request("textDocument/hover", nothing), null);
  });
});

test("completion of members, names, types, modules and entries [lsp.completion]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await openAll(editor);
    assert.deepEqual(editor.initialized.capabilities.completionProvider?.triggerCharacters?.slice(0, 2), [
      ".",
      ":",
    ]);
    const complete = async (insert: string): Promise<{ items: CompletionItem[] }> => {
      await editor.edit("src/report.lua", "  return text\n", `  ${insert}\n  return text\n`);
      const mark = insert.includes("|") ? insert : `  ${insert}`;
      const list = await editor.request("textDocument/completion", editor.at("src/report.lua", mark));
      await editor.edit("src/report.lua", `  ${insert}\n  return text\n`, "  return text\n");
      return list;
    };
    const members = await complete("shapes.");
    assert.deepEqual(labels(members).sort(), ["Circle", "area", "twice"]);
    const area = members.items.find(({ label }) => label === "area")!;
    assert.equal(area.detail, "area(circle: Circle): number");
    assert.match(JSON.stringify(area.documentation), /Area of a circle/);
    assert.ok(labels(await complete("local x = text:")).includes("upper"));
    assert.ok(
      !labels(await complete("local x = shapes:")).includes("Circle"),
      "only functions follow a colon",
    );
    const names = labels(await complete("a"));
    for (const name of ["area", "text", "run", "shapes", "json", "assert", "and", "process"]) {
      assert.ok(names.includes(name), name);
    }
    assert.ok(!names.includes("helper"), "locals of other sources are not visible");
    const types = labels(await complete("local k: "));
    assert.ok(types.includes("string") && types.includes("error") && !types.includes("area"));
    assert.deepEqual(labels(await complete('funcs.call("')), ["app:report", "app:worker"]);
    assert.deepEqual(labels(await complete('process.spawn("app:worker", "')), ["app:processes"]);
    const modules = labels(await complete('require("'));
    assert.deepEqual(modules, ["shapes", "json", "funcs"]);
    const fields = (await complete("shapes.area({")).items.filter(({ sortText }) =>
      sortText?.startsWith("-")
    );
    assert.deepEqual(fields.map(({ label, insertText }) => [label, insertText]), [
      ["radius", "radius = "],
      ["name", "name = "],
    ]);
    const nested = await complete("local x: {a: {b: number, c: string}} = {a = {b = 1, ");
    assert.deepEqual(labels(nested).slice(0, 1), ["c"]);
    assert.deepEqual(labels(await complete("-- shapes.")), []);
    assert.deepEqual(labels(await complete('local s = "shapes.')), []);
  });
});

test("signature help follows the argument that is written [lsp.features]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await openAll(editor);
    const help = async (mark: string) =>
      await editor.request("textDocument/signatureHelp", editor.at("src/worker.lua", mark));
    const first = await help("funcs.call(");
    assert.match(first.signatures[0].label, /^funcs\.call\(target: string, \.\.\.\)/);
    assert.equal(first.activeParameter, 0);
    assert.equal((await help('"app:report", {')).activeParameter, 1);
    await editor.edit("src/worker.lua", "  return result", "  tostring(\n  return result");
    assert.match((await help("tostring(")).signatures[0].label, /^tostring\(value\)/);
    assert.equal(await help("local function main()\n"), null);
  });
});

test("semantic tokens tell parameters, modules, functions and fields apart, also of a part", async () => {
  await withEditor(PROJECT, async (editor) => {
    await openAll(editor);
    const legend = editor.initialized.capabilities.semanticTokensProvider!.legend.tokenTypes;
    const textDocument = { uri: editor.uri("src/shapes.lua") };
    const tokens = async (method: string, more = {}): Promise<string[]> => {
      const { data } = await editor.request(method, { textDocument, ...more });
      const found: string[] = [];
      let line = 0;
      let character = 0;
      const lines = SHAPES.split("\n");
      for (let i = 0; i < data.length; i += 5) {
        character = data[i] === 0 ? character + data[i + 1] : data[i + 1];
        line += data[i];
        found.push(`${legend[data[i + 3]]} ${lines[line]!.slice(character, character + data[i + 2])}`);
      }
      return found;
    };
    const all = await tokens("textDocument/semanticTokens/full");
    for (
      const token of [
        "type Circle",
        "parameter circle",
        "property radius",
        "function area",
        "function helper",
      ]
    ) {
      assert.ok(all.includes(token), `${token} in ${all}`);
    }
    const range = { start: { line: 14, character: 0 }, end: { line: 15, character: 0 } };
    const part = await tokens("textDocument/semanticTokens/range", { range });
    assert.deepEqual(part, ["function helper", "parameter n", "type number", "type number"]);
  });
});

test("formatting edits only what differs; a source with mistakes is left alone", async () => {
  await withEditor(PROJECT, async (editor) => {
    await editor.open("src/shapes.lua", SHAPES.replace("return helper(n) * 2", "return   helper(n)*2"));
    const options = { tabSize: 2, insertSpaces: true };
    const textDocument = { uri: editor.uri("src/shapes.lua") };
    const edits = await editor.request("textDocument/formatting", { textDocument, options });
    assert.equal(edits.length, 1);
    assert.equal(edits[0].newText, "M.twice = function(n: number): number return helper(n) * 2 end\n");
    assert.equal(edits[0].range.start.line, 19);
    await editor.open("src/_index.yaml", INDEX.replace("kind: process.host", "kind:   process.host"));
    const index = { uri: editor.uri("src/_index.yaml") };
    const [yaml] = await editor.request("textDocument/formatting", { textDocument: index, options });
    assert.match(yaml.newText, /^ {4}kind: process\.host\n/);
    await editor.edit("src/shapes.lua", "local M = {}", "local   M = {}");
    const both = await editor.request("textDocument/formatting", { textDocument, options });
    assert.deepEqual(both.map(({ range }: { range: { start: { line: number } } }) => range.start.line), [
      6,
      19,
    ]);
    const range = { start: { line: 5, character: 0 }, end: { line: 7, character: 0 } };
    const part = await editor.request("textDocument/rangeFormatting", { textDocument, range, options });
    assert.deepEqual(part, both.slice(0, 1));
    await editor.edit("src/shapes.lua", "local   M = {}", "local M = = {}");
    assert.deepEqual(await editor.request("textDocument/formatting", { textDocument, options }), []);
  });
});

test("diagnostics can be asked for instead [lsp.features]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await editor.open("src/report.lua", REPORT.replace("radius = 2", "radius = nil"));
    const textDocument = { uri: editor.uri("src/report.lua") };
    const report = await editor.request("textDocument/diagnostic", { textDocument });
    assert.equal(report.kind, "full");
    assert.ok(report.items.some(({ severity }: { severity: number }) => severity === 1));
  }, { pulls: true });
});
