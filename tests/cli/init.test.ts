/** New projects and lock files. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { TEMPLATES } from "../../src/cli/scaffold.ts";
import { assertSnapshot, inFolder, wippy } from "./wippy.ts";

const SOURCES = { "src/_index.yaml": "namespace: app\nentries: []\n" };
const LOCK = "directories:\n  modules: .wippy\n  src: ./src\n";

test("where there are sources the lock file is written, and nothing else [cli.init] [proj.lock.directories]", async () => {
  await inFolder(SOURCES, async (cwd) => {
    const { code, stdout, stderr } = await wippy(["init"], { cwd });
    assert.deepEqual([code, stdout, stderr], [0, "created wippy.lock\n", ""]);
    assert.equal(readFileSync(join(cwd, "wippy.lock"), "utf8"), LOCK);
  });
});

test("where there are other files, it is said where sources belong [cli.init]", async () => {
  await inFolder({ "Makefile": "all:\n" }, async (cwd) => {
    const { code, stdout, stderr } = await wippy(["init"], { cwd });
    assert.deepEqual([code, stdout], [0, "created wippy.lock\n"]);
    assert.match(stderr, /^\.\/src is not there yet: definition files/);
    assert.equal((await wippy(["init", "again", "--bare"], { cwd })).stderr, "");
  });
});

test("directories and the lock file's place can be chosen [cli.init.src-dir] [cli.init.modules-dir] [cli.init.lock-file]", async () => {
  await inFolder({ "code/_index.yaml": SOURCES["src/_index.yaml"] }, async (cwd) => {
    const { code } = await wippy(["init", "-d", "./code", "--modules-dir", "modules", "-l", "own.lock"], {
      cwd,
    });
    assert.equal(code, 0);
    assert.equal(
      readFileSync(join(cwd, "own.lock"), "utf8"),
      "directories:\n  modules: modules\n  src: ./code\n",
    );
  });
});

test("an existing lock file keeps everything but the directories that are named [cli.init]", async () => {
  await inFolder(SOURCES, async (cwd) => {
    const path = join(cwd, "wippy.lock");
    const text = `# mine\n${LOCK}modules:\n  - name: acme/http\n    version: v1.2.0\n`;
    writeFileSync(path, text);
    assert.equal((await wippy(["init"], { cwd })).stdout, "wippy.lock is there already; nothing to do\n");
    assert.equal(readFileSync(path, "utf8"), text);
    assert.equal((await wippy(["init", "-d", "./code"], { cwd })).stdout, "updated wippy.lock\n");
    assert.equal(readFileSync(path, "utf8"), text.replace("./src", "./code"));
    assert.equal((await wippy(["init", "-t", "http"], { cwd })).code, 2);
  });
});

test("an empty folder becomes a project with a lock file [cli.init] [proj.layout]", async () => {
  await inFolder({ "README.md": "", ".git/HEAD": "" }, async (cwd) => {
    const { code, stdout, stderr } = await wippy(["init"], { cwd });
    assert.deepEqual([code, stderr], [0, ""]);
    assertSnapshot("init_http", stdout);
    assert.equal(readFileSync(join(cwd, "wippy.lock"), "utf8"), LOCK);
    assert.match(readFileSync(join(cwd, "src/_index.yaml"), "utf8"), /kind: http\.service/);
  });
});

test("templates go to a named folder and keep off what is there", async () => {
  await inFolder({ "taken/src/_index.yaml": "mine" }, async (cwd) => {
    for (const { name } of TEMPLATES) {
      const { code, stdout } = await wippy(["init", name, "--template", name], { cwd });
      assert.equal(code, 0);
      assertSnapshot(`init_folder_${name}`, stdout);
    }
    const refused = await wippy(["init", "taken", "--template", "http"], { cwd });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^error: not overwriting taken\/src\/_index\.yaml; choose another folder/);
    assert.equal(readFileSync(join(cwd, "taken/src/_index.yaml"), "utf8"), "mine");
  });
});

test("--bare writes the lock file alone, and wrong flags are misuse", async () => {
  await inFolder({}, async (cwd) => {
    assert.equal((await wippy(["init", "--bare"], { cwd })).stdout, "created wippy.lock\n");
    const unknown = await wippy(["init", "x", "--template", "htpt"], { cwd });
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /^error: no template "htpt"; there are: http, command, service\n$/);
    assert.equal((await wippy(["init", "x", "--bare", "-t", "http"], { cwd })).code, 2);
    assert.equal((await wippy(["init", "a", "b"], { cwd })).code, 2);
    const refused = await wippy(["init", "wippy.lock/below"], { cwd });
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /^error: .*wippy\.lock\/below'?\n$/,
      "what the machine refuses is no bug: no stack",
    );
  });
});
