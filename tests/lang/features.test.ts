/**
 * What the checker says of small sources, one feature each. `features/*.cases` hold them: `=== name`, then the source; a line that is
 * wrong ends in `-- wrong`, once for each mistake. Every other line has to be right.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { typeErrors } from "./typing.ts";

const FOLDER = new URL("./features/", import.meta.url);

for (const file of readdirSync(FOLDER).sort()) {
  const cases = readFileSync(new URL(file, FOLDER), "utf8").split(/^=== /m).slice(1);
  for (const text of cases) {
    const end = text.indexOf("\n");
    const source = text.slice(end + 1);
    test(`${file}: ${text.slice(0, end)}`, () => {
      const wrong = source.split("\n").flatMap((line, i) =>
        Array.from(line.matchAll(/-- wrong\b/g), () => String(i + 1))
      );
      const found = typeErrors(source);
      assert.deepEqual(found.map((error) => error.split(" ")[0]), wrong, found.join("\n"));
    });
  }
}
