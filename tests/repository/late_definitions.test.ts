/** What a binary makes when it is first used is used as before. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { BUN, run } from "../../scripts/command.ts";
import { definitionId, LateDefinitions, MADE_NOTES } from "../../scripts/late_definitions.ts";

/** Gives the sources as they are with these definitions late, and a way to run `src/main.ts`, which prints JSON. */
async function withSources(
  sources: Record<string, string>,
  use: (
    late: (isLate?: (id: string) => boolean, isNoted?: boolean) => Record<string, string>,
    result: () => Promise<unknown>,
  ) => Promise<void>,
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "late-"));
  try {
    for (const [path, text] of Object.entries(sources)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const definitions = await LateDefinitions.read(root, ["src"]);
    await use((isLate = () => true, isNoted = false) => {
      definitions.write(isLate, isNoted);
      return Object.fromEntries(
        Object.keys(sources).map((path) => [path, readFileSync(join(root, path), "utf8")]),
      );
    }, async () => {
      const { code, stderr, stdout } = await run([BUN, join(root, "src/main.ts")], {});
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout);
    });
  } finally {
    rmSync(root, { recursive: true });
  }
}

const SHAPES = {
  "src/shapes.ts": `
export interface Sized { size(): number }
export abstract class Shape implements Sized {
  static count = 0;
  constructor() { Shape.count++; }
  abstract size(): number;
}
export class Square extends Shape {
  readonly side: number;
  constructor(side: number) { super(); this.side = side; }
  size(): number { return this.side ** 2; }
  static of(side: number): Square { return new Square(side); }
}
export class Point extends Shape { size(): number { return 0; } }
export const TABLE = new Map<string, number>([["one", 1]]);
`,
  "src/mod.ts": `export { Point as Dot, Square } from "./shapes.ts";\nexport * from "./shapes.ts";\n`,
  "src/main.ts": `
import { Dot, type Shape, Square, TABLE } from "./mod.ts";
const isSquare = (value: unknown): boolean => value instanceof Square || !(value instanceof Dot);
function kinds(shape: Shape): unknown { return { Square, is: isSquare(shape), size: shape.size() }; }
const before = isSquare({});
const square = Square.of(3);
console.log(JSON.stringify({
  before,
  name: new Square(1).constructor.name,
  same: (kinds(square) as { Square: unknown }).Square === Square,
  is: isSquare(square),
  made: [...(globalThis as { ${MADE_NOTES}?: string[] }).${MADE_NOTES} ?? []],
  one: TABLE.get("one"),
}));
`,
};

test("late definitions are used as before, and what was never made has no instances", async () => {
  await withSources(SHAPES, async (late, result) => {
    const before = await result();
    const written = late();
    assert.match(written["src/shapes.ts"]!, /export function Square\$late\(\)/);
    assert.match(written["src/mod.ts"]!, /Point\$late as Dot\$late, Point\$of as Dot\$of/);
    assert.match(written["src/main.ts"]!, /Square\$of\(value\) \|\| !\(Dot\$of\(value\)\)/);
    assert.deepEqual(await result(), before);
  });
});

test("late definitions tell when they are made, which a test of instances does not do", async () => {
  await withSources(SHAPES, async (late, result) => {
    late(() => true, true);
    const { made } = await result() as { made: string[] };
    const ofShapes = made.filter((id) => id.startsWith("src/shapes.ts"));
    assert.deepEqual(ofShapes, ["Square", "Shape"].map((name) => definitionId("src/shapes.ts", name)));
  });
});

test("late definitions are those that were asked for", async () => {
  await withSources(SHAPES, async (late) => {
    const written = late((id) => id === definitionId("src/shapes.ts", "TABLE"));
    assert.match(written["src/shapes.ts"]!, /export class Square extends Shape/);
    assert.match(written["src/shapes.ts"]!, /TABLE\$made \?\?= \(new Map/);
  });
});

test("late definitions are none that somebody reaches by their text, or that are of the moment", async () => {
  const sources = {
    "src/loaded.ts":
      "export class Loaded { x = 1; }\nconst OWN = new Set([1]);\nexport const has = (n: number) => OWN.has(n);\n",
    "src/whole.ts": "export class Part { y = 2; }\n",
    "src/main.ts": `
import * as whole from "./whole.ts";
export const STARTED = new Date();
const COUNTS = new Map<string, number>();
function shadowed(COUNTS: number): number { return COUNTS; }
const { Loaded, has } = await import("./loaded.ts");
console.log(JSON.stringify([new whole.Part().y, new Loaded().x, has(1), shadowed(COUNTS.size), STARTED instanceof Date]));
`,
  };
  await withSources(sources, async (late, result) => {
    const before = await result();
    const written = late();
    assert.match(written["src/loaded.ts"]!, /export class Loaded \{/);
    assert.match(written["src/loaded.ts"]!, /OWN\$made/);
    assert.match(written["src/whole.ts"]!, /export class Part \{/);
    assert.match(written["src/main.ts"]!, /export const STARTED = new Date\(\);\nconst COUNTS = new Map/);
    assert.deepEqual(await result(), before);
  });
});
