/** Projects on disk: which files count, what entries they give, what mistakes say. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createPorts } from "../../src/platform/mod.ts";
import { loadEntries } from "../../src/registry/mod.ts";
import { failureOf, load } from "./project_folder.ts";

test("every YAML file with a namespace counts, whatever its name and depth [yaml.file] [proj.layout] [proj.file.valid] [yaml.scan] [yaml.index]", () => {
  const { loaded } = load({
    "src/_index.yaml": "version: '1.0'\nnamespace: app\nentries:\n  - {name: a, kind: registry.entry}\n",
    "src/api/_index.yaml": "namespace: app.api\nentries:\n  - {name: b, kind: registry.entry}\n",
    "src/api/more.yml": "namespace: app.api\nname: c\nkind: registry.entry\nvalue: 1\n",
    "src/api/empty.yaml": "",
    "src/api/notes.yaml": "title: notes\nitems: [1]\n",
    "src/api/list.yaml": "- 1\n- 2\n",
    "src/.hidden/x.yaml": "namespace: no\nname: x\nkind: registry.entry\n",
    "src/node_modules/p/x.yaml": "namespace: no\nname: y\nkind: registry.entry\n",
    "src/readme.txt": "namespace: no",
  });
  assert.deepEqual(loaded.entries.map((entry) => entry.id), ["app:a", "app.api:b", "app.api:c"]);
  assert.deepEqual(loaded.entries[2]!.data, { value: 1 });
});

test("version is optional, namespace and entries make a file [yaml.fields]", () => {
  const { entries } = load({ "src/a.yaml": "namespace: app\nentries:\n" });
  assert.equal(entries.size, 0);
  assert.match(
    failureOf(() => load({ "src/a.yaml": "version: '1.0'\nentries:\n  - {name: a, kind: k}\n" })).message,
    /^src\/a\.yaml:1: missing namespace$/,
  );
});

test("payload fields stand at the root of an entry [yaml.entry] [proj.entry.root]", () => {
  const { entries } = load({
    "src/_index.yaml":
      "namespace: app\nentries:\n  - name: a\n    kind: registry.entry\n    meta: {title: A}\n    source: x\n    list: [1, {b: 2}]\n",
  });
  assert.deepEqual(entries.get("app:a"), {
    id: "app:a",
    kind: "registry.entry",
    meta: { title: "A" },
    data: { source: "x", list: [1, { b: 2 }] },
  });
});

test("mistakes name file, line and entry [yaml.errors]", () => {
  const message = (text: string) => failureOf(() => load({ "src/_index.yaml": text })).message;
  assert.equal(message("namespace: app\nentries:\n  - {kind: k}\n"), "src/_index.yaml:3: missing name");
  assert.equal(
    message("namespace: app\nentries:\n\n  - {name: a}\n"),
    "src/_index.yaml:4: app:a: missing kind",
  );
  assert.equal(
    message("namespace: app\nentries:\n  - {name: '', kind: k}\n"),
    "src/_index.yaml:3: name is required and must be a non-empty string",
  );
  assert.match(
    message("namespace: app\nentries:\n  - name: a\n   kind: k\n"),
    /^src\/_index\.yaml:\d+: malformed YAML: column \d+: /,
  );
  assert.match(message("namespace: 'a b'\nentries: []\n"), /^src\/_index\.yaml:1: "a b" is no namespace/);
  assert.match(message("namespace: app\nentries: 5\n"), /^src\/_index\.yaml:2: entries must be a list/);
  assert.match(message("namespace: app\nentries: [5]\n"), /^src\/_index\.yaml:2: an entry must be a map/);
  assert.match(
    message("namespace: app\nentries: [{name: a, kind: k, meta: 5}]\n"),
    /app:a: meta must be a map/,
  );
});

test("an id that is defined twice names both places", () => {
  const failure = failureOf(() =>
    load({
      "src/_index.yaml": "namespace: app\nentries:\n  - {name: a, kind: registry.entry}\n",
      "src/b.yaml":
        "namespace: app\nentries:\n  - {name: b, kind: registry.entry}\n  - {name: a, kind: registry.entry}\n",
    })
  );
  assert.equal(failure.kind, "Invalid");
  assert.equal(failure.message, "src/b.yaml:4: app:a is defined already at src/_index.yaml:3; rename one");
});

test("file references are inlined from beside their definition file [yaml.source] [proj.entry.file-ref] [kind.lua.source]", () => {
  const { entries } = load({
    "src/lib/_index.yaml":
      "namespace: app\nentries:\n  - name: a\n    kind: function.lua\n    source: file://a.lua\n    tls: {cert: file://./certs/a.pem, list: [file://../shared.txt]}\n",
    "src/lib/a.lua": "return 1",
    "src/lib/certs/a.pem": "PEM",
    "src/shared.txt": "shared",
  });
  assert.deepEqual(entries.get("app:a")!.data, {
    source: "return 1",
    tls: { cert: "PEM", list: ["shared"] },
  });
});

test("bytes that are no text are inlined as bytes", () => {
  const { entries } = load({
    "src/_index.yaml": "namespace: app\nname: icon\nkind: registry.entry\nimage: file://icon.png\n",
    "src/icon.png": new Uint8Array([0x89, 0x50, 0xff]),
  });
  assert.deepEqual(entries.get("app:icon")!.data, { image: new Uint8Array([0x89, 0x50, 0xff]) });
});

test("a file reference that is missing or leaves the project is refused [proj.entry.file-ref]", () => {
  const definition = (reference: string) =>
    `namespace: app\nentries:\n  - name: a\n    kind: function.lua\n    source: file://${reference}\n`;
  const message = (reference: string) =>
    failureOf(() =>
      load({ "src/_index.yaml": definition(reference), "/secret.txt": "x", "src/dir/f.txt": "" })
    ).message;
  assert.equal(message("gone.lua"), "src/_index.yaml:5: app:a: source: file not found: src/gone.lua");
  assert.match(
    message("../../secret.txt"),
    /^src\/_index\.yaml:5: app:a: source: file:\/\/\.\.\/\.\.\/secret\.txt leaves/,
  );
  assert.match(message("../../gone.txt"), /leaves/);
  assert.match(message("dir"), /src\/dir is a directory/);
});

test("links may not lead a file reference out of the project [proj.entry.file-ref]", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "wippy-links-")));
  try {
    mkdirSync(join(folder, "project/src"), { recursive: true });
    writeFileSync(join(folder, "secret.txt"), "secret");
    symlinkSync(join(folder, "secret.txt"), join(folder, "project/src/link.txt"));
    symlinkSync(join(folder, "project/src"), join(folder, "project/src/loop"));
    writeFileSync(join(folder, "project/src/a.txt"), "a");
    const text = (file: string) => `namespace: app\nname: a\nkind: registry.entry\ntext: file://${file}\n`;
    const ports = createPorts();
    const read = () =>
      loadEntries({
        files: ports.files,
        yaml: ports.yaml,
        root: join(folder, "project"),
        sourceDirectory: join(folder, "project/src"),
        modulesDirectory: join(folder, "project/.wippy"),
      });
    writeFileSync(join(folder, "project/src/_index.yaml"), text("a.txt"));
    assert.deepEqual(
      read().entries.map((entry) => entry.data),
      [{ text: "a" }],
      "a loop of links is walked once",
    );
    writeFileSync(join(folder, "project/src/_index.yaml"), text("link.txt"));
    assert.match(failureOf(read).message, /leaves/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("origins are looked up when asked for", () => {
  const { loaded } = load({
    "src/_index.yaml":
      "namespace: app\nentries:\n  - {name: a, kind: registry.entry}\n\n  - {name: b, kind: registry.entry}\n",
  });
  assert.deepEqual(loaded.origin?.("app:b"), { file: "src/_index.yaml", line: 5 });
  assert.equal(loaded.origin?.("app:none"), undefined);
});

test("excluded paths of the manifest are passed over [proj.manifest.exclude]", () => {
  const entry = (name: string) => `namespace: app\nname: ${name}\nkind: registry.entry\n`;
  const { entries } = load({
    "wippy.yaml": "organization: acme\nmodule: thing\nexclude:\n  - src/drafts/**\n  - '*.skip.yaml'\n",
    "src/a.yaml": entry("a"),
    "src/drafts/deep/b.yaml": entry("b"),
    "src/x/c.skip.yaml": entry("c"),
  });
  assert.deepEqual([...entries.keys()], ["app:a"]);
});

test("a manifest's names are lower-case words with hyphens [proj.manifest.required]", () => {
  const message = (text: string) => failureOf(() => load({ "wippy.yaml": text })).message;
  assert.match(message("organization: Acme\nmodule: x\n"), /^wippy\.yaml:1: organization: lower-case/);
  assert.match(message("organization: acme\nmodule: a_b\n"), /^wippy\.yaml:2: module: lower-case/);
  assert.match(message("exclude: 5\n"), /^wippy\.yaml:1: exclude must be a list/);
});
