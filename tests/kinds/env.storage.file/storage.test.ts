/** `env.storage.file`: variables in a file of `KEY=VALUE` lines. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { withApplication } from "../../application.ts";
import { refusalOf } from "../../lua_entries.ts";
import { ENV_HEAD, read, variable, write } from "../env_project.ts";

const UNSET = "NotFound: environment variable not found";
const PROJECT = `${ENV_HEAD}  - name: file
    kind: env.storage.file
    file_path: conf/app.env
    auto_create: true
${variable("ONE", "file")}${variable("TWO", "file")}${variable("THREE", "file")}`;

test("lines are variables, comments are kept when one is set [kind.env.file]", () =>
  withApplication(
    {
      "src/_index.yaml": PROJECT,
      "conf/app.env": "# head\nONE=1 # tail\nTWO = two words\n\nnoise\nOTHER=x\n",
    },
    async (app) => {
      const path = join(app.folder, "conf/app.env");
      assert.deepEqual([await read(app, "ONE"), await read(app, "TWO")], ["1", "two words"]);
      assert.equal(await read(app, "THREE"), UNSET);
      assert.equal(await write(app, "THREE", "3 # not a comment"), "true");
      assert.equal(await write(app, "TWO", "2"), "true");
      assert.equal(
        readFileSync(path, "utf8"),
        '# head\nONE=1 # tail\nTWO=2\n\nnoise\nOTHER=x\nTHREE="3 # not a comment"\n',
      );
      assert.equal(await read(app, "THREE"), "3 # not a comment");
      writeFileSync(path, "ONE=edited outside\n");
      assert.deepEqual([await read(app, "ONE"), await read(app, "TWO")], ["edited outside", UNSET]);
    },
  ));

test("what was set is there after a restart [kind.env.file]", async () => {
  let written = "";
  await withApplication(PROJECT, async (app) => {
    assert.equal(await write(app, "ONE", "kept"), "true");
    written = readFileSync(join(app.folder, "conf/app.env"), "utf8");
  });
  await withApplication({ "src/_index.yaml": PROJECT, "conf/app.env": written }, async (app) => {
    assert.equal(await read(app, "ONE"), "kept");
  });
});

test("file and folder are made when auto_create says so, with the modes of the entry [kind.env.file]", async () => {
  const modes = async (more: string): Promise<[string, string]> => {
    let found: [string, string] = ["", ""];
    await withApplication(PROJECT.replace("auto_create: true", `auto_create: true${more}`), (app) => {
      const octal = (path: string): string => (statSync(join(app.folder, path)).mode & 0o777).toString(8);
      found = [octal("conf/app.env"), octal("conf")];
      return Promise.resolve();
    });
    return found;
  };
  assert.deepEqual(await modes(""), ["644", "755"]);
  assert.deepEqual(await modes("\n    file_mode: 0600\n    dir_mode: 0700"), ["600", "700"]);
  assert.deepEqual(await modes('\n    file_mode: "0640"'), ["640", "755"]);
});

test("a write keeps the mode of the entry, whatever the file had [kind.env.file]", () =>
  withApplication(
    PROJECT.replace("auto_create: true", "auto_create: true\n    file_mode: 0600"),
    async (app) => {
      const path = join(app.folder, "conf/app.env");
      chmodSync(path, 0o644);
      await write(app, "ONE", "secret");
      assert.equal(statSync(path).mode & 0o777, 0o600);
    },
  ));

test("a missing file, a folder in its place and a missing path are refused [kind.env.file]", () =>
  withApplication(PROJECT, async (app) => {
    mkdirSync(join(app.folder, "folder"));
    const missing = await refusalOf(app, "app:bad", "env.storage.file", { file_path: "nowhere/x.env" });
    assert.equal(missing.kind, "NotFound");
    assert.match(
      missing.message,
      /file_path: there is no file .*nowhere\/x\.env \(auto_create: true makes one\)/,
    );
    const folder = await refusalOf(app, "app:bad", "env.storage.file", {
      file_path: "folder",
      auto_create: true,
    });
    assert.match(folder.message, /is a directory/);
    assert.match((await refusalOf(app, "app:bad", "env.storage.file", {})).message, /file_path/);
    const mode = await refusalOf(app, "app:bad", "env.storage.file", {
      file_path: "x",
      file_mode: "rw-r--r--",
    });
    assert.match(mode.message, /file_mode: expected an octal mode/);
  }));
