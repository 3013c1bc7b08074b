/** What editors ask about definition files. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  CompletionItem,
  Diagnostic,
  DocumentSymbol,
  Location,
} from "vscode-languageserver-protocol/node";
import { type Editor, withEditor } from "./client.ts";
import { INDEX, INLINE, PROJECT, WORKER } from "./project.ts";

const PATH = "src/_index.yaml";

function messages(found: readonly Diagnostic[]): string[] {
  return found.map(({ message, range }) => `${range.start.line} ${message}`);
}

/** What is told about a change of the definition file. */
async function afterEdit(editor: Editor, from: string, to: string): Promise<string[]> {
  await editor.edit(PATH, from, to);
  const found = await editor.diagnostics(PATH, (all) => all.length > 0);
  await editor.edit(PATH, to, from);
  await editor.diagnostics(PATH, (all) => all.length === 0);
  return messages(found);
}

test("mistakes in definition files are told where they are: YAML, kinds, fields, references, files [lsp.diagnostics]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await editor.open(PATH, INDEX);
    await editor.diagnostics(PATH, (all) => all.length === 0);
    assert.deepEqual(await afterEdit(editor, "kind: store.memory", "kind: store.memry"), [
      "33 unknown kind store.memry\ndid you mean store.memory?",
    ]);
    assert.deepEqual(await afterEdit(editor, "max_size: 100", "max_size: many"), [
      '34 max_size: expected a whole number between 0 and inf, got "many"',
    ]);
    assert.deepEqual(await afterEdit(editor, "file://worker.lua", "file://worke.lua"), [
      "25 file not found: worke.lua",
    ]);
    assert.deepEqual(await afterEdit(editor, "file://worker.lua", "file://worker.lua/below"), [
      "25 file not found: worker.lua/below",
    ]);
    assert.deepEqual(await afterEdit(editor, "shapes: app:shapes", "shapes: app:shape"), [
      "21 app:report refers to app:shape, which is no entry\ndid you mean app:shapes?",
    ]);
    assert.deepEqual(await afterEdit(editor, "server: api", "server: apis"), [
      "43 app:router refers to app:apis, which is no entry\ndid you mean app:api?",
    ]);
    assert.deepEqual(await afterEdit(editor, "      - json", "      - jsn"), [
      "18 unknown module jsn\ndid you mean json?",
    ]);
    assert.deepEqual(
      await afterEdit(editor, "name: cache", "name: router"),
      [
        "32 app:router is defined already; rename one",
        "40 app:router is defined already; rename one",
      ].slice(1),
    );
    assert.match((await afterEdit(editor, "modules: [process]", "modules: [process"))[0]!, /^1[0-9] .*/);
    // What a placeholder stands for is not known here.
    await editor.edit(PATH, "max_size: 100", "max_size: ${env:SIZE}");
    await editor.edit(PATH, "prefix: /v1", "prefix: [1]");
    const found = await editor.diagnostics(PATH, (all) => all.length > 0);
    assert.equal(found.length, 1);
  });
});

test("completion in definition files: keys and values by kind [lsp.features]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await editor.open(PATH, INDEX);
    const complete = async (from: string, to: string): Promise<string[]> => {
      assert.ok(INDEX.includes(from), from);
      const at = INDEX.indexOf(from);
      const text = INDEX.slice(0, at) + to.replace("|", "") + INDEX.slice(at + from.length);
      await editor.replace(PATH, text);
      const mark = text.slice(0, at + to.indexOf("|"));
      const list = await editor.request("textDocument/completion", editor.at(PATH, mark));
      return list.items.map(({ label }: CompletionItem) => label);
    };
    const kinds = await complete("kind: store.memory", "kind: |");
    for (const kind of ["store.memory", "function.lua", "process.host", "http.router"]) {
      assert.ok(kinds.includes(kind), kind);
    }
    const keys = await complete("    max_size: 100\n", "    max_size: 100\n    |\n");
    assert.ok(keys.includes("cleanup_interval") && keys.includes("meta"), keys.join());
    assert.ok(!keys.includes("max_size") && !keys.includes("kind"), "what is there is not offered again");
    const nested = await complete("kind: process.host\n", "kind: process.host\n    host:\n      |\n");
    assert.ok(nested.includes("workers") && nested.includes("max_processes"), nested.join());
    assert.deepEqual(await complete("shapes: app:shapes", "shapes: |"), ["shapes"]);
    assert.ok((await complete("      - funcs", "      - |")).includes("sql"));
    assert.ok((await complete("modules: [process]", "modules: [process, |]")).includes("json"));
    assert.ok((await complete("server: api", "server: |")).includes("api"));
    assert.deepEqual((await complete("source: file://worker.lua", "source: |")).sort(), [
      "file://report.lua",
      "file://shapes.lua",
      "file://worker.lua",
    ]);
    assert.deepEqual(await complete("method: run", "method: |"), ["run"]);
    assert.deepEqual(await complete("kind: process.host", "kind: process.host # |"), []);
    const top = await complete("namespace: app\n", "namespace: app\n|\n");
    assert.deepEqual(top, ["meta"]);
  });
});

test("hover, definitions and references in definition files [lsp.features]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await editor.open(PATH, INDEX);
    const hover = async (mark: string): Promise<string | undefined> =>
      (await editor.request("textDocument/hover", editor.at(PATH, mark)))?.contents.value;
    assert.match((await hover("kind: store.mem"))!, /\*\*store\.memory\*\*\n\n\w+/);
    assert.match((await hover("    max_si"))!, /`max_size: integer`\n\n.*Default: `\d+`/);
    assert.match((await hover("shapes: app:sha"))!, /app:shapes.*Areas of shapes/s);
    assert.match((await hover("      - jso"))!, /\*\*module json\*\*/);
    const places = (found: Location[]): string[] =>
      found.map(({ uri, range }) => `${uri.slice(uri.lastIndexOf("/") + 1)} ${range.start.line}`);
    const definition = async (mark: string): Promise<string[]> =>
      places(await editor.request("textDocument/definition", editor.at(PATH, mark)));
    assert.deepEqual(await definition("source: file://wor"), ["worker.lua 0"]);
    assert.deepEqual(await definition("shapes: app:sha"), ["shapes.lua 0"]);
    assert.deepEqual(await definition("server: ap"), ["_index.yaml 36"]);
    assert.deepEqual(await definition("method: ru"), ["report.lua 5"]);
    const references = await editor.request("textDocument/references", {
      ...editor.at(PATH, "- name: ap"),
      context: { includeDeclaration: false },
    });
    assert.deepEqual(places(references), ["_index.yaml 43"]);
  });
});

test("an entry gets another name wherever it is named", async () => {
  await withEditor(PROJECT, async (editor) => {
    await editor.open(PATH, INDEX);
    await editor.open("src/worker.lua", WORKER);
    const rename = async (mark: string, newName: string): Promise<Record<string, string[]>> => {
      const { changes } = await editor.request("textDocument/rename", { ...editor.at(PATH, mark), newName });
      return Object.fromEntries(
        Object.entries(changes as Record<string, { range: Location["range"]; newText: string }[]>).map((
          [uri, edits],
        ) => [
          uri.slice(uri.lastIndexOf("/") + 1),
          edits.map(({ range, newText }) => `${range.start.line} ${newText}`),
        ]),
      );
    };
    assert.deepEqual(await rename("- name: repo", "areas"), {
      "_index.yaml": ["11 areas"],
      "worker.lua": ["3 app:areas"],
    });
    assert.deepEqual(await rename("- name: ap", "front"), { "_index.yaml": ["36 front", "43 front"] });
    assert.deepEqual(await rename("- name: shap", "forms"), { "_index.yaml": ["4 forms", "21 app:forms"] });
    await assert.rejects(rename("- name: ap", "router"), /there is an entry app:router already/);
  });
});

test("the outline of a definition file is its entries", async () => {
  await withEditor(PROJECT, async (editor) => {
    await editor.open(PATH, INDEX);
    const textDocument = { uri: editor.uri(PATH) };
    const symbols: DocumentSymbol[] = await editor.request("textDocument/documentSymbol", { textDocument });
    assert.deepEqual(symbols.map(({ name, detail }) => `${name} ${detail}`).slice(0, 3), [
      "shapes library.lua",
      "report function.lua",
      "worker process.lua",
    ]);
  });
});

test("a source inside a definition file is checked where it stands [lsp.diagnostics]", async () => {
  const text = `namespace: app
entries:
  - name: inline
    kind: function.lua
    method: main
    source: |
      local function main()
        return undefined_name
      end
      return {main = main}
`;
  await withEditor({ "_index.yaml": text }, async (editor) => {
    await editor.open("_index.yaml", text);
    const [found] = await editor.diagnostics("_index.yaml", (all) => all.length > 0);
    assert.match(String(found!.message), /undefined variable 'undefined_name'/);
    assert.deepEqual(found!.range, { start: { line: 7, character: 15 }, end: { line: 7, character: 29 } });
  });
});

test("a new entry is seen by sources without saving, a file made outside when the client tells [lsp.index]", async () => {
  await withEditor(PROJECT, async (editor) => {
    await editor.open(PATH, INDEX);
    await editor.open("src/worker.lua", WORKER);
    await editor.edit(
      PATH,
      "  - name: cache\n",
      "  - name: fresh\n    kind: function.lua\n    method: x\n    source: file://report.lua\n\n  - name: cache\n",
    );
    const list = await editor.request("textDocument/completion", editor.at("src/worker.lua", '"app:rep'));
    assert.deepEqual(list.items.map(({ label }: CompletionItem) => label), [
      "app:report",
      "app:worker",
      "app:fresh",
    ]);
  });
});

test("grants that nobody uses are told of and can be taken out", async () => {
  await withEditor(PROJECT, async (editor) => {
    const text = INDEX.replace("[process]", "[time]").replace(
      "modules: [funcs]",
      "modules: [funcs, json, sql]",
    ).replace(
      "      shapes: app:shapes",
      "      shapes: app:shapes\n      again: app:shapes",
    );
    await editor.open(PATH, text);
    const found = await editor.diagnostics(PATH, (all) => all.some(({ code }) => code === "S0003"));
    assert.deepEqual(messages(found), [
      "9 module 'time' is granted and never used",
      "22 import 'again' is granted and never used",
      "28 module 'json' is granted and never used",
      "28 module 'sql' is granted and never used",
    ]);
    const removed = async (line: number): Promise<string> => {
      const range = { start: { line, character: 0 }, end: { line, character: 40 } };
      const [action] = await editor.request("textDocument/codeAction", {
        textDocument: { uri: editor.uri(PATH) },
        range,
        context: { diagnostics: [] },
      });
      const [edit] = Object.values(action.edit.changes).flat() as {
        range: Location["range"];
        newText: string;
      }[];
      const lines = text.split("\n");
      const { start, end } = edit!.range;
      return start.line === end.line
        ? lines[line]!.slice(0, start.character) + lines[line]!.slice(end.character)
        : lines.slice(start.line, end.line).join("|");
    };
    assert.equal(await removed(28), "    modules: [funcs, sql]");
    assert.equal(await removed(22), "      again: app:shapes");
    assert.equal(await removed(9), "    modules: [time]");
  });
});

test("sources inside definition files are served where they stand [lsp.features]", async () => {
  await withEditor({ "_index.yaml": INLINE, "other.lua": "" }, async (editor) => {
    await editor.open("_index.yaml", INLINE);
    const at = (mark: string) => editor.at("_index.yaml", mark);
    const hover = await editor.request("textDocument/hover", at("numbers.twi"));
    assert.match(hover.contents.value, /function twice\(n: number\): number\n```\n\nTwice as much\./);
    assert.deepEqual(hover.range, { start: { line: 19, character: 23 }, end: { line: 19, character: 28 } });
    const place = {
      uri: editor.uri("_index.yaml"),
      range: { start: { line: 7, character: 17 }, end: { line: 7, character: 22 } },
    };
    assert.deepEqual(await editor.request("textDocument/definition", at("numbers.twi")), [place]);
    const rename = await editor.request("textDocument/rename", {
      ...at("function M.twi"),
      newName: "double",
    });
    assert.deepEqual(Object.values(rename.changes), [[
      { range: place.range, newText: "double" },
      { range: hover.range, newText: "double" },
    ]]);
    const symbols: DocumentSymbol[] = await editor.request("textDocument/documentSymbol", {
      textDocument: { uri: editor.uri("_index.yaml") },
    });
    assert.deepEqual(symbols.map(({ children }) => children?.map(({ name }) => name)), [["M", "M.twice"], [
      "numbers",
      "main",
    ]]);
    await editor.edit("_index.yaml", "return numbers.twice(2)", "return numbers.");
    const list = await editor.request("textDocument/completion", at("return numbers."));
    assert.deepEqual(list.items.map(({ label }: CompletionItem) => label), ["twice"]);
    await editor.edit("_index.yaml", "return numbers.", 'return require("")');
    const names = await editor.request("textDocument/completion", at('return require("'));
    assert.deepEqual(names.items[0].textEdit.range, {
      start: { line: 19, character: 24 },
      end: { line: 19, character: 24 },
    });
    const help = await editor.request("textDocument/signatureHelp", at("return require("));
    assert.match(help.signatures[0].label, /^require\(name: string\)/);
  });
});

test("what a module is to be given is not missed", async () => {
  const text = `namespace: app
entries:
  - name: router
    kind: ns.requirement
    targets:
      - entry: app:hello
        path: .meta.router

  - name: hello
    kind: http.endpoint
    meta:
      router: given
    method: GET
    path: /
    func: other
`;
  await withEditor({ "_index.yaml": text }, async (editor) => {
    await editor.open("_index.yaml", text);
    assert.deepEqual(messages(await editor.diagnostics("_index.yaml", () => true)), []);
    await editor.edit("_index.yaml", "entry: app:hello", "entry: app:others");
    const found = await editor.diagnostics("_index.yaml", (all) => all.length > 0);
    assert.ok(
      messages(found).includes("11 app:hello refers to app:given, which is no entry"),
      messages(found).join(),
    );
  });
});
