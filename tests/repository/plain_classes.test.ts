import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeClassesPlain } from "../../scripts/plain_classes.ts";

async function plain(source: string): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), "plain-"));
  try {
    mkdirSync(join(root, "src"));
    const path = join(root, "src", "some.ts");
    writeFileSync(path, source);
    await makeClassesPlain(root, ["src"]);
    return readFileSync(path, "utf8");
  } finally {
    rmSync(root, { recursive: true });
  }
}

test("plain classes keep the members of a class and of what it extends apart", async () => {
  const text = await plain(`
class Base { #x = 1; get() { return this.#x; } }
class Derived extends Base { static #made = 0; #x = 2; #twice() { return this.#x * 2; } both() { return this.#twice() + ++Derived.#made; } }
`);
  assert.match(text, /class Base { Base\$x = 1; get\(\) { return this.Base\$x; } }/);
  assert.match(
    text,
    /static Derived\$made = 0; Derived\$x = 2; Derived\$twice\(\) { return this.Derived\$x \* 2; }/,
  );
  assert.match(text, /this.Derived\$twice\(\) \+ \+\+Derived.Derived\$made/);
});

test("plain classes find the class that has a name from inside another, and ask for it by its text", async () => {
  const text = await plain(`
class Outer { #secret = 1; inner() { return class { #own = 2; of(o: Outer) { return o.#secret + this.#own; } }; }
  static is(o: object): boolean { return #secret in o; } }
`);
  assert.match(text, /o\.Outer\$secret \+ this\.at\d+\$own/);
  assert.match(text, /return "Outer\$secret" in o;/);
});

test("plain classes give fields without a value undefined, and leave those of the types and texts alone", async () => {
  const text = await plain(`
abstract class A { #a: string | undefined; readonly b: number; declare c: string; abstract d: number; e = 1;
  text = "#a of this.#a"; /* this.#a */ }
`);
  assert.match(
    text,
    /A\$a: string \| undefined = undefined; readonly b: number = undefined; declare c: string;/,
  );
  assert.match(text, /abstract d: number; e = 1;/);
  assert.match(text, /text = "#a of this\.#a"; \/\* this\.#a \*\//);
});

test("plain classes refuse a name that no class around it has", async () => {
  await assert.rejects(
    plain("class A { has(o: A) { return o.#none; } }"),
    /some\.ts:1: no class around #none has it/,
  );
});
