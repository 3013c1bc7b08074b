/** What a call remembers of a project for the next one, and when it does not count. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { selectFor } from "../../src/app/boot_selection.ts";
import { type CallEntries, entriesForCall } from "../../src/app/call_plans.ts";
import { openProject, type ProjectRequest } from "../../src/app/project.ts";
import { createPorts, quickDigest } from "../../src/platform/running.ts";
import type { Entry } from "../../src/registry/mod.ts";

const INDEX = `version: "1.0"
namespace: app
entries:
  - { name: greet, kind: function.lua, source: "file://greet.lua", method: main, imports: { words: words } }
  - { name: words, kind: library.lua, source: "file://words.lua" }
  - { name: other, kind: function.lua, source: "file://other.lua", method: main }
`;
const FILES: Readonly<Record<string, string>> = {
  "wippy.lock": "directories:\n  src: src\n",
  "src/_index.yaml": INDEX,
  "src/greet.lua": 'return { main = function() return require("words").hello end }\n',
  "src/words.lua": 'return { hello = "hello" }\n',
  "src/other.lua": "return { main = function() return 1 end }\n",
};

const NO_RELATIONS = { load: () => undefined, references: () => [], ownerOf: () => undefined };

/** A project, and calls into it. */
interface Calls {
  readonly folder: string;
  readonly account: string;
  write(path: string, text: string | Uint8Array): void;
  /** The entries for a call, by name of the edition; what it needs is kept. */
  next(change?: Change): Promise<CallEntries>;
}

interface Change {
  readonly request?: ProjectRequest;
  readonly target?: string;
  readonly edition?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

async function withProject(body: (calls: Calls) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "wippy-plans-"));
  const [folder, account] = [join(root, "project"), join(root, "account")];
  const write = (path: string, text: string | Uint8Array): void => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const [path, text] of Object.entries(FILES)) write(path, text);
  try {
    await body({
      folder,
      account,
      write,
      async next({ request = {}, target = "app:greet", edition = "1", variables = {} } = {}) {
        const own: Record<string, string> = { WIPPY_CACHE_DIR: account, ...variables };
        const ports = { ...createPorts(), osVariable: (name: string) => own[name] };
        const lockFile = join(folder, "wippy.lock");
        const config = join(folder, ".wippy.yaml");
        const project = openProject(
          { lockFile, files: existsSync(config) ? [config] : [], ...request },
          ports,
        );
        const found = entriesForCall({ project, ports, targets: [target], edition, digest: quickDigest });
        if (found.isSelected) return found;
        const { entries } = await selectFor([target], found.loaded.entries, NO_RELATIONS);
        found.keep({ ...found.loaded, entries });
        return { ...found, loaded: { ...found.loaded, entries } };
      },
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function ids({ loaded }: CallEntries): string[] {
  return loaded.entries.map(({ id }) => id);
}

function source({ loaded }: CallEntries, id: string): unknown {
  return loaded.entries.find((entry) => entry.id === id)?.data["source"];
}

/** Entries as they are told apart. */
function told({ loaded }: CallEntries): Entry[] {
  return loaded.entries.map(({ id, kind, meta, data }) => ({
    id,
    kind,
    meta: { ...meta },
    data: { ...data },
  }));
}

test("what a call needs is remembered, as it was read", () =>
  withProject(async ({ account, folder, next }) => {
    const first = await next();
    assert.equal(first.isSelected, false);
    const second = await next();
    assert.equal(second.isSelected, true);
    assert.deepEqual(ids(second), ["app:greet", "app:words"]);
    assert.deepEqual(told(second), told(first));
    assert.deepEqual(second.loaded.graph, first.loaded.graph);
    assert.deepEqual(second.loaded.origin?.("app:words"), {
      file: "src/_index.yaml",
      line: 5,
    });
    assert.equal(second.loaded.place?.("app:words")?.file, join(folder, "src/_index.yaml"));
    // Another function needs something else.
    assert.equal((await next({ target: "app:other" })).isSelected, false);
    assert.deepEqual(ids(await next({ target: "app:other" })), ["app:other"]);
    assert.equal(statSync(join(account, "calls")).mode & 0o777, 0o700);
    for (const name of readdirSync(join(account, "calls"))) {
      assert.equal(statSync(join(account, "calls", name)).mode & 0o777, 0o600);
    }
  }));

const CHANGES: Readonly<Record<string, (calls: Calls) => void>> = {
  "a source": ({ write }) => write("src/greet.lua", "return { main = function() return 2 end }\n"),
  "a source that is imported, in size and time the same as before": ({ folder, write }) => {
    const path = join(folder, "src/words.lua");
    const { atime, mtime } = statSync(path);
    write("src/words.lua", 'return { hello = "salve" }\n');
    utimesSync(path, atime, mtime);
  },
  "a definition": ({ write }) =>
    write("src/_index.yaml", INDEX.replace("imports: { words: words }", "imports: {}")),
  "a new definition file": ({ write }) =>
    write("src/more.yaml", "version: '1.0'\nnamespace: more\nentries: []\n"),
  "a new folder": ({ write }) =>
    write("src/deep/_index.yaml", "version: '1.0'\nnamespace: deep\nentries: []\n"),
  "what a folder holds, by a pack": ({ write }) => write("src/words-v1.0.0.wapp", "no pack"),
  "a source that is gone": ({ folder }) => rmSync(join(folder, "src/words.lua")),
  "a folder in the place of a source": ({ folder }) => {
    rmSync(join(folder, "src/words.lua"));
    mkdirSync(join(folder, "src/words.lua"));
  },
  "an installed module that is in use": ({ write }) =>
    write("wippy.lock", "directories:\n  src: src\nmodules:\n  - { name: acme/words, version: 1.0.0 }\n"),
  "what is disabled": ({ write }) => write(".wippy.yaml", "disable:\n  entries: [app:other]\n"),
  "another edition of the program": () => {},
};

for (const [what, change] of Object.entries(CHANGES)) {
  test(`a plan does not count after a change of ${what}`, () =>
    withProject(async (calls) => {
      await calls.next();
      assert.equal((await calls.next()).isSelected, true);
      const before = source(await calls.next(), "app:words");
      change(calls);
      const edition = what.startsWith("another edition") ? "2" : "1";
      const after = await calls.next({ edition }).catch((error: Error) => error);
      if (after instanceof Error) {
        assert.match(after.message, /not found|is a directory|not installed|missing/);
      } else {
        assert.equal(after.isSelected, false);
        assert.equal((await calls.next({ edition })).isSelected, true);
        if (what.includes("imported")) assert.notEqual(source(after, "app:words"), before);
      }
    }));
}

test("what no definition file of a plan had to do with may change", () =>
  withProject(async ({ next, write }) => {
    await next();
    write("src/other.lua", "return {}\n");
    for (const name of ["notes.txt", "src/notes.txt", "src/data.db-wal", "src/.hidden/_index.yaml"]) {
      write(name, "not read\n");
    }
    assert.equal((await next()).isSelected, true);
  }));

const NEVER: Readonly<Record<string, (calls: Calls) => Change>> = {
  "with overrides, which may hold what is written nowhere": () => ({
    request: { overrides: ["app:other:meta.secret=hunter2"] },
  }),
  "with a history that is kept, which has entries that are in no file": ({ write }) => {
    write(".wippy.yaml", "registry: { enable_history: true, history_type: sqlite }\n");
    return {};
  },
  "where something has to be said each time": ({ write }) => {
    write(
      "src/needs.yaml",
      "version: '1.0'\nnamespace: more\nentries:\n  - { name: db, kind: ns.requirement, targets: [{entry: app:other, path: .limit}] }\n",
    );
    return {};
  },
  "for what JSON does not give back": ({ write }) => {
    write("src/words.lua", Uint8Array.of(0xff, 0xfe, 0));
    return {};
  },
  "without a home": () => ({ variables: { WIPPY_CACHE_DIR: "" } }),
};

for (const [when, prepare] of Object.entries(NEVER)) {
  test(`there is no plan ${when}`, () =>
    withProject(async (calls) => {
      const change = prepare(calls);
      for (let i = 0; i < 2; i++) assert.equal((await calls.next(change)).isSelected, false);
      assert.equal(existsSync(calls.account), false);
    }));
}

test("a plan that is damaged, or can't be written, stands in no call's way", () =>
  withProject(async ({ account, next }) => {
    await next();
    const plans = join(account, "calls");
    const [name] = readdirSync(plans);
    const path = join(plans, name!);
    const whole = readFileSync(path, "utf8");
    const broken = whole.replace('"kind":"library.lua"', '"kind":7');
    assert.notEqual(broken, whole);
    for (const text of [whole.slice(0, -10), "", "null", "[]", `{"key":1}`, broken]) {
      writeFileSync(path, text);
      const found = await next();
      assert.deepEqual(
        [found.isSelected, ids(found)],
        [false, ["app:greet", "app:words"]],
        text.slice(0, 20),
      );
      assert.equal((await next()).isSelected, true);
    }
    rmSync(account, { recursive: true });
    writeFileSync(account, "no folder");
    assert.deepEqual(ids(await next()), ["app:greet", "app:words"]);
  }));

test("plans do not pile up", () =>
  withProject(async ({ account, next }) => {
    const plans = join(account, "calls");
    mkdirSync(plans, { recursive: true });
    for (let i = 0; i < 300; i++) {
      const path = join(plans, `${i.toString(16)}.json`);
      writeFileSync(path, "{}");
      utimesSync(path, i, i);
    }
    writeFileSync(join(plans, "notes.txt"), "not a plan");
    await next();
    const left = readdirSync(plans);
    assert.equal(left.length, 257);
    assert.ok(left.includes("notes.txt") && !left.includes("0.json"));
    assert.equal((await next()).isSelected, true);
  }));
