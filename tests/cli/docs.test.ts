/** The reference in the terminal, as JSON and as a site. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { declarations as modules } from "../../std/declarations.gen.ts";
import { readReference } from "../../src/lang/mod.ts";
import { inFolder, wippy } from "./wippy.ts";

test("the list names every module and kind", async () => {
  const { code, stdout } = await wippy(["docs"]);
  assert.equal(code, 0);
  for (const { name } of modules) assert.match(stdout, new RegExp(`^  ${name} +\\S`, "m"), name);
  for (const kind of ["function.lua", "http.service", "db.sql.sqlite"]) {
    assert.match(stdout, new RegExp(`^  ${kind} +\\S`, "m"));
  }
  const listed = JSON.parse((await wippy(["docs", "--json"])).stdout) as { name: string; summary: string }[];
  assert.ok(listed.every(({ summary }) => summary.length > 0), "each has a line of its own");
});

test("a page has the example, every declaration and its words; a part can be asked for", async () => {
  const page = (await wippy(["docs", "hash"])).stdout;
  assert.match(page, /^require\("hash"\) /);
  assert.match(page, /^Example\n {2}local hash = require\("hash"\)\n/m);
  const { items } = readReference(modules.find(({ name }) => name === "hash")!.types);
  for (const { docs, signature } of items) {
    assert.ok(page.includes(signature), signature);
    assert.ok(docs !== "" && page.includes(docs.split("\n")[0]!), docs);
  }
  assert.equal(
    (await wippy(["docs", "hash.crc32"])).code,
    1,
    "what is not there is not invented",
  );
  const part = await wippy(["docs", "sql.get"]);
  assert.match(part.stdout, /^function sql\.get\(id: string\).*\n {2}The database of an entry\.\n$/);
});

test("a kind's page has its fields with types and defaults", async () => {
  const { stdout } = await wippy(["docs", "store.memory"]);
  assert.match(stdout, /^max_size +integer +10000 +Most entries/m);
  const page = JSON.parse((await wippy(["docs", "http.service", "--json"])).stdout) as { fields: unknown[] };
  assert.deepEqual(page.fields[0], {
    path: "addr",
    type: "string",
    docs: "Listen address, `:8080` or `host:port`.",
  });
});

test("an unknown name is told with the nearest one", async () => {
  const { code, stderr, stdout } = await wippy(["docs", "hash.sha25"]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.equal(
    stderr,
    "nothing is called hash.sha25; did you mean hash.sha256?\nwippy docs lists what there is\n",
  );
  assert.equal((await wippy(["docs", "a", "b"])).code, 2);
  assert.equal((await wippy(["docs", "hash", "--html", "x"])).code, 2);
});

test("a site has a page for each, links that lead somewhere, and leaves other folders alone", () =>
  inFolder({ "mine/notes.txt": "keep" }, async (folder) => {
    const site = join(folder, "site");
    assert.equal((await wippy(["docs", "--html", site])).code, 0);
    assert.equal((await wippy(["docs", "--html", site])).code, 0, "an earlier site is written over");
    const files = readdirSync(site);
    for (const { name } of modules) assert.ok(files.includes(`module.${name}.html`), name);
    const ids = new Map<string, Set<string>>();
    const idsOf = (file: string): Set<string> => {
      const text = readFileSync(join(site, file), "utf8");
      const found = ids.get(file) ?? new Set([...text.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]!));
      ids.set(file, found);
      return found;
    };
    const links = files.filter((file) => file.endsWith(".html")).flatMap((file) =>
      [...readFileSync(join(site, file), "utf8").matchAll(/(?:href|src)="([^"#]+)"/g)].map((match) =>
        match[1]!
      )
    );
    const dead = new Set(links.filter((link) => !existsSync(join(site, link))));
    assert.deepEqual([...dead], []);
    const index = JSON.parse(
      readFileSync(join(site, "reference.js"), "utf8").replace("window.REFERENCE = ", "").replace(/;\n$/, ""),
    ) as { url: string; name: string }[];
    for (const { url } of index) {
      const [file, id] = url.split("#");
      if (id !== undefined) assert.ok(idsOf(file!).has(id), url);
    }
    assert.ok(index.some(({ name }) => name === "sql.DB"));
    const refused = await wippy(["docs", "--html", join(folder, "mine")]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /holds other files/);
    assert.deepEqual(readdirSync(join(folder, "mine")), ["notes.txt"]);
  }));
