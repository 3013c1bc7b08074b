import assert from "node:assert/strict";
import { test } from "node:test";
import { LUA_CACHE_WRITES_UNUSED_MAX } from "../core/mod.ts";
import { simulatedPorts } from "../platform/simulated/mod.ts";
import { SignedFile, type SignedFilePlan } from "./signed_file.ts";

const PATH = "/project/cache/texts.bin";
const SECRET = new Uint8Array(32).fill(7);

function world(): {
  open: (plan?: Partial<SignedFilePlan>) => SignedFile;
  files: ReturnType<typeof simulatedPorts>["files"];
  clock: ReturnType<typeof simulatedPorts>["clock"];
} {
  const ports = simulatedPorts({ seed: 1, workingDirectory: "/project" });
  const open = (plan: Partial<SignedFilePlan> = {}): SignedFile =>
    new SignedFile(ports, { path: PATH, edition: "one", secret: () => SECRET, canWrite: true, ...plan });
  return { open, files: ports.files, clock: ports.clock };
}

test("texts come back as they were, in any script", () => {
  const { open } = world();
  const texts = { empty: "", plain: "return 1", wide: "-- \u{1f600} ü\nreturn 2\n" };
  const first = open();
  for (const [name, text] of Object.entries(texts)) first.set(name, text);
  first.save();
  const second = open();
  for (const [name, text] of Object.entries(texts)) assert.equal(second.get(name), text);
  assert.equal(second.get("other"), undefined);
});

test("every changed byte and every cut makes it an empty one", () => {
  const { files, open } = world();
  const file = open();
  file.set("name", "text");
  file.save();
  const good = files.readFile(PATH).slice();
  for (let at = 0; at < good.length; at++) {
    const changed = good.slice();
    changed[at]! ^= 1;
    files.writeFile(PATH, changed);
    assert.equal(open().get("name"), undefined, `byte ${at}`);
    files.writeFile(PATH, good.subarray(0, at));
    assert.equal(open().get("name"), undefined, `cut at ${at}`);
  }
  files.writeFile(PATH, good);
  assert.equal(open().get("name"), "text");
});

test("another edition, another secret and none at all read nothing", () => {
  const { open } = world();
  const file = open();
  file.set("name", "text");
  file.save();
  assert.equal(open({ edition: "two" }).get("name"), undefined);
  assert.equal(open({ secret: () => new Uint8Array(32) }).get("name"), undefined);
  assert.equal(open({ secret: () => undefined }).get("name"), undefined);
});

test("what is only read is not written, and nothing is written when nothing is new", () => {
  const { files, open } = world();
  const reader = open({ canWrite: false });
  reader.set("name", "text");
  reader.save();
  assert.equal(files.stat(PATH), undefined);
  open().save();
  assert.equal(files.stat(PATH), undefined);
});

test("past its bound what was used longest ago is left out", () => {
  const { files, open } = world();
  const bytesMax = 5_000;
  for (let i = 0; i < 20; i++) {
    const file = open({ bytesMax });
    file.get("kept");
    file.set(i === 0 ? "kept" : `text ${i}`, "x".repeat(900));
    file.save();
    assert.ok(files.stat(PATH)!.size < bytesMax + 500, `${files.stat(PATH)!.size} bytes`);
  }
  const last = open({ bytesMax });
  assert.ok(last.has("kept") && last.has("text 19") && last.has("text 17"));
  assert.ok(!last.has("text 1"));
});

test("what nobody asks for is left out after a while", () => {
  const { open } = world();
  for (let i = 0; i <= LUA_CACHE_WRITES_UNUSED_MAX + 1; i++) {
    const file = open();
    if (i === 0) file.set("unused", "text");
    else assert.equal(file.has("asked"), true);
    file.set(i === 0 ? "asked" : `text ${i}`, "text");
    file.save();
  }
  assert.ok(!open().has("unused"));
  assert.ok(open().has("asked"));
});

test("a folder that can't be made, and files that others left unfinished, stand in nobody's way", () => {
  const { files, open } = world();
  files.makeDirectory("/project", { recursive: true });
  files.writeFile("/project/cache", "a file");
  const file = open();
  file.set("name", "text");
  file.save();
  assert.equal(open().get("name"), undefined);
  files.remove("/project/cache");
  files.makeDirectory("/project/cache");
  files.writeFile(`${PATH}.old.new`, "half");
  file.set("other", "text");
  file.save();
  assert.equal(open().get("name"), "text");
  assert.equal(open().get("other"), "text");
});

test("what other programs left unfinished goes after an hour, and nothing else that is there", async () => {
  const { clock, files, open } = world();
  const file = open();
  file.set("name", "text");
  file.save();
  const [left, fresh, foreign, mine] = ["0123456789ab", "ba9876543210", "draft", ""].map((part) =>
    part === "" ? "/project/cache/notes.new" : `${PATH}.${part}.new`
  ) as [string, string, string, string];
  for (const path of [left, foreign, mine]) files.writeFile(path, "half");
  await clock.drive(new Promise<void>((resolve) => clock.timer(3_600_000, resolve)));
  files.writeFile(fresh, "half");
  file.set("other", "text");
  file.save();
  assert.deepEqual([left, fresh, foreign, mine].map((path) => files.stat(path) !== undefined), [
    false,
    true,
    true,
    true,
  ]);
});
