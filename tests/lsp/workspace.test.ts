/** What is checked anew after a change, and that no edit and no request breaks anything. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { declarations } from "../../std/declarations.gen.ts";
import { kinds } from "../../src/kinds/index.gen.ts";
import { diagnosticsOf } from "../../src/lsp/diagnostics.ts";
import { Requests } from "../../src/lsp/requests.ts";
import { Text } from "../../src/lsp/text.ts";
import { lineEdits } from "../../src/lsp/text_edits.ts";
import { fileUri } from "../../src/lsp/uris.ts";
import { Workspace } from "../../src/lsp/workspace.ts";
import { RenameRefused } from "../../src/lsp/navigation.ts";
import { luaKinds } from "../../src/lua/mod.ts";
import { simulatedPorts } from "../../src/platform/simulated/mod.ts";
import { generator } from "../lang/printing.ts";
import { INLINE, PROJECT } from "./project.ts";

const KINDS = await Promise.all(kinds.map((kind) => kind.load()));
/** Edits of the fuzzed session. */
const ROUNDS = 150;

function openWorkspace(files: Readonly<Record<string, string>> = PROJECT): Workspace {
  const { files: disk } = simulatedPorts({ seed: 1 });
  for (const [path, text] of Object.entries(files)) {
    const whole = `/project/${path}`;
    disk.makeDirectory(whole.slice(0, whole.lastIndexOf("/")), { recursive: true });
    disk.writeFile(whole, text);
  }
  const noRuntime = (): never => {
    throw new Error("nothing runs here");
  };
  return new Workspace({
    files: disk,
    modules: declarations,
    kinds: [...luaKinds(noRuntime), ...KINDS],
    encoding: "utf-16",
    roots: ["/project"],
  });
}

function uriOf(path: string): string {
  return fileUri(`/project/${path}`);
}

test("an edit drops what is known of its source and of those that import it, of nothing else [lsp.index]", () => {
  const workspace = openWorkspace();
  const check = (path: string) => workspace.check(workspace.unit(uriOf(path))!);
  const before = ["src/shapes.lua", "src/report.lua", "src/worker.lua"].map(check);
  workspace.set(uriOf("src/report.lua"), new Text("return {run = function() end}", "utf-16"));
  const after = ["src/shapes.lua", "src/report.lua", "src/worker.lua"].map(check);
  assert.deepEqual(after.map((each, i) => each === before[i]), [true, false, true]);
  workspace.set(uriOf("src/shapes.lua"), new Text("return {}", "utf-16"));
  const last = ["src/shapes.lua", "src/report.lua", "src/worker.lua"].map(check);
  assert.deepEqual(last.map((each, i) => each === after[i]), [false, false, true]);
});

test("a definition that grants more is checked anew, the others stay [lsp.index]", () => {
  const workspace = openWorkspace();
  const check = (path: string) => workspace.check(workspace.unit(uriOf(path))!).parsed;
  const before = ["src/shapes.lua", "src/report.lua", "src/worker.lua"].map(check);
  const index = PROJECT["src/_index.yaml"]!.replace("modules: [funcs]", "modules: [funcs, json]");
  workspace.set(uriOf("src/_index.yaml"), new Text(index, "utf-16"));
  const after = ["src/shapes.lua", "src/report.lua", "src/worker.lua"].map(check);
  assert.deepEqual(after.map((each, i) => each === before[i]), [true, true, false]);
});

test("texts count lines and columns as editors do, whatever is asked", () => {
  const random = generator(3);
  const letters = ["a", "\n", "\r", "\r\n", "\u00e9", "\u{1f600}", "\ud800", "x", " "];
  for (let round = 0; round < 300; round++) {
    const source = Array.from({ length: Math.floor(random() * 20) }, () => letters[Math.floor(random() * 9)])
      .join("");
    for (const encoding of ["utf-8", "utf-16"] as const) {
      const text = new Text(source, encoding);
      for (let offset = 0; offset <= source.length; offset++) {
        const isInside =
          /[\ud800-\udbff]/.test(source[offset - 1] ?? "") && /[\udc00-\udfff]/.test(source[offset] ?? "") ||
          source[offset - 1] === "\r" && source[offset] === "\n";
        if (!isInside) {
          assert.equal(
            text.offset(text.position(offset)),
            offset,
            JSON.stringify([source, offset, encoding]),
          );
        }
      }
      const wild = text.offset({
        line: Math.floor(random() * 9) - 2,
        character: Math.floor(random() * 40) - 3,
      });
      assert.ok(wild >= 0 && wild <= source.length);
    }
  }
});

test("no edit and no request breaks the server, and it never forgets a text", () => {
  const random = generator(11);
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const files: Readonly<Record<string, string>> = { ...PROJECT, "src/inner/_index.yaml": INLINE };
  const workspace = openWorkspace(files);
  const requests = new Requests(workspace);
  const paths = Object.keys(files).filter((path) => path.startsWith("src/"));
  const texts = new Map(paths.map((path) => [path, files[path]!]));
  const pieces = [
    "\n",
    " ",
    ".",
    ":",
    "(",
    ")",
    "{",
    "}",
    '"',
    "'",
    "=",
    ",",
    "end",
    "function f(a)",
    "local x = ",
    "type T = ",
    "-- c",
    "[[",
    "]]",
    "- name: x\n",
    "kind: ",
    "  ",
    "app:report",
    "shapes.",
    "return ",
    "\u{1f600}",
    "a",
    "#",
    "|",
    "file://",
  ];
  for (let round = 0; round < ROUNDS; round++) {
    const path = pick(paths);
    const uri = uriOf(path);
    const text = workspace.text(uri)!;
    assert.equal(text.source, texts.get(path));
    const from = below(text.source.length + 1);
    const to = Math.min(text.source.length, from + (random() < 0.5 ? 0 : below(30)));
    const inserted = random() < 0.3 ? "" : pick(pieces);
    const changed = text.changed([{ range: text.range(from, to), text: inserted }]);
    // A place inside a line end or a pair is moved; the text itself tells what came of it.
    texts.set(path, changed.source);
    workspace.set(uri, changed);
    if (random() < 0.05) {
      workspace.set(uri, undefined);
      texts.set(path, files[path]!);
    }
    const textDocument = { uri };
    const position = workspace.text(uri)!.position(below(changed.source.length + 1));
    const at = { textDocument, position };
    const where = `round ${round} in ${path}`;
    try {
      diagnosticsOf(workspace, uri);
      requests.hover(at);
      requests.completion(at);
      requests.signatureHelp(at);
      requests.definition(at);
      requests.references({ ...at, context: { includeDeclaration: true } }, () => false);
      requests.documentSymbols({ textDocument });
      requests.semanticTokens({ textDocument });
      requests.formatting({ textDocument, options: { tabSize: 2, insertSpaces: true } });
      requests.codeActions({
        textDocument,
        range: { start: position, end: position },
        context: { diagnostics: [] },
      });
      for (const item of requests.prepareCallHierarchy(at)) {
        requests.incomingCalls({ item });
        requests.outgoingCalls({ item });
      }
      if (random() < 0.1) requests.workspaceSymbols({ query: "a" }, () => false);
      requests.rename({ ...at, newName: "fresh" });
    } catch (error) {
      if (!(error instanceof RenameRefused)) throw new Error(where, { cause: error });
    }
  }
});

test("small edits make one text of another, whatever the line ends", () => {
  const random = generator(5);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const text = (): string =>
    Array.from(
      { length: Math.floor(random() * 8) },
      () => pick(["a", "b", "c\u{1f600}", ""]) + pick(["\n", "\n", "\r\n", "\r", ""]),
    )
      .join("");
  for (let round = 0; round < 500; round++) {
    const before = new Text(text(), pick(["utf-8", "utf-16"]));
    const after = text();
    const edits = lineEdits(before, after);
    const made = edits.toReversed().reduce(
      (whole, edit) => whole.changed([{ range: edit.range, text: edit.newText }]),
      before,
    );
    assert.equal(made.source, after, JSON.stringify([before.source, after, edits]));
  }
});
