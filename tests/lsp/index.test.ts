/** The index of a project: made on threads and without, kept as long as it holds, and what is found with it and without. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { declarations } from "../../std/declarations.gen.ts";
import { Indexer } from "../../src/lsp/indexer.ts";
import { Requests } from "../../src/lsp/requests.ts";
import type { SourceIndex } from "../../src/lsp/source_index.ts";
import { Text } from "../../src/lsp/text.ts";
import { fileUri } from "../../src/lsp/uris.ts";
import { Workspace } from "../../src/lsp/workspace.ts";
import { createPorts } from "../../src/platform/mod.ts";
import { simulatedPorts } from "../../src/platform/simulated/mod.ts";
import type { Clock, Thread, ThreadEvents, Threads } from "../../src/ports/mod.ts";

const SOURCES = 48;
/** Makes the project large enough for threads, and costs the checker next to nothing. */
const PADDING = `-- ${"padding ".repeat(1_250)}\n`;

/** Libraries that import those before them, with types, methods and aliases that lead from one to the other. */
function sourceOf(i: number): string {
  const lines = [`type Box${i} = {value: number, name: string}`, "local M = {}"];
  if (i > 0) lines.push('local below = require("below")', 'local half = require("half")');
  lines.push(
    `function M.make_${i}(value: number): Box${i} return { value = value, name = "box ${i}" } end`,
    `function M.sum_${i}(box: Box${i})${
      i > 0 ? ` below.make_${i - 1}(1) ; half.shared()` : ""
    } return box.value end`,
    "function M.shared() return 1 end",
    `local first = M.make_${i}(2)`,
    `M.again = M.sum_${i}`,
    `M.text = first.name .. "app:lib_${i}"`,
  );
  return `${PADDING}${lines.join("\n")}\nreturn M\n`;
}

function project(count: number): Record<string, string> {
  const files: Record<string, string> = {};
  const entries: string[] = [];
  for (let i = 0; i < count; i++) {
    const imports = i === 0 ? "" : `    imports: { below: lib_${i - 1}, half: lib_${Math.floor(i / 2)} }\n`;
    const source = i % 5 === 4
      ? `|\n${sourceOf(i).split("\n").map((line) => `      ${line}`).join("\n")}`
      : `file://lib_${i}.lua`;
    entries.push(`  - name: lib_${i}\n    kind: library.lua\n${imports}    source: ${source}\n`);
    if (i % 5 !== 4) files[`src/lib_${i}.lua`] = sourceOf(i);
  }
  files["src/_index.yaml"] = `version: "1.0"\nnamespace: app\nentries:\n${entries.join("")}`;
  return files;
}

function openWorkspace(files: Record<string, string>): Workspace {
  const { files: disk } = simulatedPorts({ seed: 1 });
  disk.makeDirectory("/project/src", { recursive: true });
  for (const [path, text] of Object.entries(files)) disk.writeFile(`/project/${path}`, text);
  return new Workspace({
    files: disk,
    modules: declarations,
    kinds: [],
    encoding: "utf-16",
    roots: ["/project"],
  });
}

/** Indexes until nothing is under way. */
async function indexed(workspace: Workspace, clock: Clock, threads?: Threads): Promise<Indexer> {
  const indexer = new Indexer({
    workspace,
    clock,
    threadCount: 2,
    ...threads === undefined ? {} : { threads },
  });
  indexer.begin();
  await idle(indexer, clock);
  return indexer;
}

async function idle(indexer: Indexer, clock: Clock): Promise<void> {
  while (!indexer.isIdle) await new Promise<void>((resolve) => clock.soon(resolve));
}

function indexes(workspace: Workspace): Record<string, unknown> {
  return Object.fromEntries(
    [...workspace.units()].map(({ key }) => {
      const index = workspace.index.get(key);
      return [key, index && { symbols: index.symbols, refers: [...index.refers].sort() }];
    }),
  );
}

/** Threads of this machine, counted. */
function counted(
  inner: Threads,
): { threads: Threads; started: () => number; alive: () => number; jobs: unknown[] } {
  const jobs: unknown[] = [];
  let started = 0;
  let alive = 0;
  const start = (events: ThreadEvents, program?: Parameters<Threads["start"]>[1]): Thread => {
    started++;
    alive++;
    let isAlive = true;
    const gone = (): void => {
      if (isAlive) alive--;
      isAlive = false;
    };
    const thread = inner.start({
      message: (message) => events.message(message),
      ended(reason) {
        gone();
        events.ended(reason);
      },
    }, program);
    return {
      post(message) {
        if (Array.isArray(message)) jobs.push(message);
        thread.post(message);
      },
      terminate() {
        gone();
        thread.terminate();
      },
    };
  };
  return { threads: { start }, started: () => started, alive: () => alive, jobs };
}

const NO_THREADS: Threads = {
  start: () => {
    throw new Error("a thread was started");
  },
};

test("a source that can't be checked keeps no other from its index, and the server from nothing", async () => {
  const { clock } = createPorts();
  const workspace = openWorkspace(project(6));
  const check = workspace.check.bind(workspace);
  workspace.check = (unit) => {
    if (unit.key.includes("lib_1")) throw new Error("no way in");
    return check(unit);
  };
  await indexed(workspace, clock);
  const made = Object.entries(indexes(workspace)).filter(([, index]) => index !== undefined);
  // Those that refer to it are checked with it.
  assert.deepEqual(made.map(([key]) => key.match(/lib_\d/)?.[0]).sort(), ["lib_0", "lib_4", "lib_5"]);
  workspace.units = () => {
    throw new Error("no project");
  };
  await indexed(workspace, clock);
});

test("several threads make the same index as one, and end with it [lsp.index]", async () => {
  const ports = createPorts();
  const alone = openWorkspace(project(SOURCES));
  await indexed(alone, ports.clock);
  const together = openWorkspace(project(SOURCES));
  const { alive, jobs, started, threads } = counted(ports.threads!);
  const indexer = await indexed(together, ports.clock, threads);
  assert.ok(started() >= 2, `${started()} threads`);
  assert.ok(indexer.threadJobs > 1, `${indexer.threadJobs} jobs`);
  assert.equal(alive(), 0);
  // What is imported is given out before its importers: each source imports the one before it.
  assert.deepEqual(jobs.flat(), Array.from({ length: SOURCES }, (_, i) => `app:lib_${i}`));
  const made = indexes(together);
  assert.deepEqual(made, indexes(alone));
  const last = made[`app:lib_${SOURCES - 1}`] as { symbols: SourceIndex["symbols"]; refers: string[] };
  assert.ok(last.symbols.some(({ name }) => name === `M.make_${SOURCES - 1}`));
  assert.ok(last.refers.some((key) => key.endsWith(` app:lib_${SOURCES - 2}`)), "it knows whom it refers to");
});

test("a small project starts no thread [lsp.index]", async () => {
  const { clock } = createPorts();
  const workspace = openWorkspace(project(6));
  await indexed(workspace, clock, NO_THREADS);
  assert.equal(workspace.index.size, 6);
});

test("what threads do not bring, because none starts, one fails or one ends, is made without them [lsp.index]", async () => {
  const { clock } = createPorts();
  const expected = openWorkspace(project(SOURCES));
  await indexed(expected, clock);
  const answers = (reply: (events: ThreadEvents) => void): Threads => ({
    start: (events) => {
      let posted = 0;
      return {
        post: () => void (++posted === 2 && clock.soon(() => reply(events))),
        terminate: () => {},
      };
    },
  });
  const broken: readonly Threads[] = [
    NO_THREADS,
    answers((events) => events.ended("it crashed")),
    answers((events) => events.message({ failed: "Error: out of luck" })),
  ];
  for (const threads of broken) {
    const workspace = openWorkspace(project(SOURCES));
    await indexed(workspace, clock, threads);
    assert.deepEqual(indexes(workspace), indexes(expected));
  }
});

test("a change indexes anew its source and those that import it, however far, and nothing else [lsp.index]", async () => {
  const { clock } = createPorts();
  const files = project(12);
  const workspace = openWorkspace(files);
  const indexer = await indexed(workspace, clock);
  const keys = [...workspace.units()].map(({ key }) => key);
  const before = keys.map((key) => workspace.index.get(key));
  const source = `${files["src/lib_7.lua"]!.replace("M.again", "M.other")}`;
  workspace.set(fileUri("/project/src/lib_7.lua"), new Text(source, "utf-16"));
  const gone = keys.filter((key) => workspace.index.get(key) === undefined);
  // lib_8 imports lib_7, lib_9 lib_8, and so on.
  assert.deepEqual(gone.sort(), ["app:lib_10", "app:lib_11", "app:lib_7", "app:lib_8", "app:lib_9"]);
  indexer.changed();
  indexer.begin();
  await idle(indexer, clock);
  const after = keys.map((key) => workspace.index.get(key));
  assert.deepEqual(keys.filter((_, i) => after[i] !== before[i]).sort(), gone.sort());
  assert.ok(workspace.index.get("app:lib_7")!.symbols.some(({ name }) => name === "M.shared"));
});

test("a change and the end of the session stop what is under way [lsp.index]", async () => {
  const { clock } = createPorts();
  let ended = 0;
  const posts: unknown[] = [];
  const stuck: Threads = {
    start: () => ({ post: (message) => void posts.push(message), terminate: () => void ended++ }),
  };
  const workspace = openWorkspace(project(SOURCES));
  const indexer = new Indexer({ workspace, clock, threadCount: 2, threads: stuck });
  indexer.begin();
  while (posts.length < 4) await new Promise<void>((resolve) => clock.soon(resolve));
  indexer.changed();
  assert.equal(ended, 2, "threads end at once");
  indexer.begin();
  while (posts.length < 8) await new Promise<void>((resolve) => clock.soon(resolve));
  indexer.stop();
  assert.equal(ended, 4);
  indexer.changed();
  indexer.begin();
  assert.ok(indexer.isIdle, "nothing begins after the end");
  assert.equal(workspace.index.size, 0);
});

test("references, callers and symbols are the same with the index and without [lsp.index]", async () => {
  const { clock } = createPorts();
  const ask = (workspace: Workspace): unknown => {
    const requests = new Requests(workspace);
    const found: unknown[] = [];
    for (const i of [0, 3, 8]) {
      const uri = fileUri(`/project/src/lib_${i}.lua`);
      const text = workspace.text(uri)!;
      for (const name of ["M.make_", "M.sum_", "M.shared", "Box"]) {
        const position = text.position(text.source.indexOf(name) + 2);
        const at = { textDocument: { uri }, position };
        found.push(requests.references({ ...at, context: { includeDeclaration: true } }, () => false));
        found.push(requests.prepareCallHierarchy(at).map((item) => requests.incomingCalls({ item })));
      }
    }
    found.push(requests.workspaceSymbols({ query: "make1" }, () => false));
    return JSON.parse(JSON.stringify(found));
  };
  const without = ask(openWorkspace(project(12)));
  const workspace = openWorkspace(project(12));
  await indexed(workspace, clock);
  assert.deepEqual(ask(workspace), without);
  assert.ok(JSON.stringify(without).includes("lib_7.lua"), "something is found elsewhere");
});
