/**
 * Mutates real sources and holds the parser and checker of typed Lua against what must be true of any text.
 *
 *     bun scripts/fuzz_lang.ts [--seed N] [--rounds N] [--from FOLDER]
 *
 * Sources are those of the tests and, with `--from`, all Lua files of a folder. What has once broken something is kept under
 * `tests/lang/corpus/kept` and goes first, as it is. A finding is printed as a source that can be kept there.
 *
 * Z1. Parsing never throws, the tree covers the source, every diagnostic lies inside it and can be shown.
 * Z2. What Lua's own compiler takes is taken and comes out byte for byte, unless it calls something named `as` behind an
 *     expression on the same line: `nil as(x)` is a cast.
 * Z3. What is taken without type syntax in the way compiles once erased, with the same lines; meaning (labels, constants,
 *     numbers of variables) is the compiler's to judge.
 * Z4. The checker and the rules end with an answer on any tree, whole or not; every place they name lies inside the source.
 * Z5. Any bytes that are read as text are a source like others.
 * Z6. What has no types by its words, and is taken by Lua's own compiler, has none: it may go there without being parsed.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  check,
  environmentOf,
  formatDiagnostic,
  LineMap,
  lint,
  parse,
  parseForRun,
  readLibrary,
} from "../src/lang/mod.ts";
import { mayBeTyped } from "../src/lang/words.ts";
import { precompile, Universe } from "../src/vm/mod.ts";
import { listFiles, readText } from "./source_tree.ts";

/** The base library alone. */
const ENVIRONMENT = environmentOf(readLibrary([]), { modules: new Map(), imports: new Map() });

/** Sources that once broke something. */
const KEPT = "tests/lang/corpus/kept/";

/** What to do. */
export interface FuzzOptions {
  readonly seed: number;
  readonly rounds: number;
  /** More sources to start from. */
  readonly more?: readonly string[];
}

/** Refusals that are about meaning, which the parser leaves to the compiler. */
const MEANING =
  /label|jumps into|attempt to assign to const|multiple to-be-closed|too many|overflow|limit|control structure/;

/** What is a call of plain Lua in a statement of its own, and a cast of typed Lua. */
const AS_BEHIND_EXPRESSION = /[\w"')\]}][^\S\n]*\bas\s*\(/;

const PIECES = [
  ..."and break do else elseif end false for function goto if in local nil not or repeat return then true until while"
    .split(" "),
  ..."+ - * / // % ^ # & ~ | << >> == ~= <= >= < > = ( ) { } [ ] :: ; : , . .. ... ! ? @ -> type as readonly typeof"
    .split(" "),
  ..."x y T number string nil 1 0x1p4 'a' \"b\" [[c]] --[[d]] --e\n :: ::x:: <const> <close> : \n \r\n \u00e9 \0 \\"
    .split(" "),
];

/** Runs the rounds; resolves to how many sources were taken. Rejects on the first finding, naming seed, round and source. */
export async function fuzz(options: FuzzOptions): Promise<number> {
  await precompile();
  const paths = listFiles("tests").filter((path) => path.endsWith(".lua"));
  const corpus = [...paths.map((path) => readText(path)), ...options.more ?? []];
  const universe = Universe.create({
    host: { exited: () => {}, released: () => {}, failed: () => {} },
    now: () => 0,
    hashSeed: 1,
    randomSeed: 1,
  });
  const compiles = (source: string): string | undefined => {
    try {
      universe.code.releaseCode(universe.code.compile(source, "fuzz"));
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const random = generator(options.seed);
  let taken = 0;
  for (const path of paths.filter((each) => each.startsWith(KEPT))) {
    const complaint = examine(readText(path), compiles);
    if (typeof complaint === "string") throw new Error(`${path}: ${complaint}`);
  }
  for (let round = 0; round < options.rounds; round++) {
    const source = mutate(random, corpus);
    const complaint = examine(source, compiles);
    if (complaint === true) taken++;
    else if (complaint !== false) {
      throw new Error(`seed ${options.seed}, round ${round}: ${complaint}\n${JSON.stringify(source)}`);
    }
  }
  return taken;
}

/** Whether a source is taken, or what is wrong with the answer. */
function examine(source: string, compiles: (source: string) => string | undefined): boolean | string {
  const parsed = parse(source);
  if (parsed.block.end !== source.length) return "the tree does not cover the source";
  for (const diagnostic of parsed.diagnostics) {
    if (diagnostic.start < 0 || diagnostic.start > source.length || diagnostic.end < diagnostic.start) {
      return "a range lies outside";
    }
    formatDiagnostic(diagnostic, "fuzz", parsed.lines);
  }
  const checked = check(parsed, ENVIRONMENT);
  for (const diagnostic of [...checked.diagnostics, ...lint(parsed)]) {
    const places = [diagnostic, ...diagnostic.related ?? [], ...diagnostic.fix?.edits ?? []];
    if (places.some(({ start, end }) => start < 0 || end > source.length || end < start)) {
      return `${diagnostic.code} lies outside`;
    }
    formatDiagnostic(diagnostic, "fuzz", parsed.lines);
  }
  const result = parseForRun(source, "fuzz", { hasTypeValues: true });
  const isPlain = compiles(source) === undefined;
  if (isPlain && !result.ok) return `refused: ${formatDiagnostic(result.diagnostics[0]!, "fuzz", source)}`;
  if (!result.ok) return false;
  if (isPlain && !mayBeTyped(source) && (result.types !== undefined || result.source !== source)) {
    return "the words of the source do not tell that it has types";
  }
  const isChanged = result.types === undefined && result.source !== source;
  if (isPlain && isChanged && !AS_BEHIND_EXPRESSION.test(source)) {
    return `changed into ${JSON.stringify(result.source)}`;
  }
  if (new LineMap(result.source).starts.length !== new LineMap(source).starts.length) return "lines changed";
  const typesRefusal = result.types && compiles(result.types.source);
  if (typesRefusal !== undefined) return `types do not compile: ${typesRefusal}\n${result.types!.source}`;
  const refusal = compiles(result.source);
  if (refusal !== undefined && !MEANING.test(refusal)) {
    return `does not compile: ${refusal}\n${JSON.stringify(result.source)}`;
  }
  return true;
}

/** Part of a source with a few changes. */
function mutate(random: () => number, corpus: readonly string[]): string {
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  let source = pick(corpus);
  if (source.length > 6000) {
    const lines = source.split("\n");
    const from = below(lines.length);
    source = lines.slice(from, from + 1 + below(60)).join("\n");
  }
  if (below(20) === 0) return bytes(random, source);
  for (let changes = below(4); changes > 0; changes--) {
    const words = source.match(/\w+|\s+|[^\w\s]/g) ?? [""];
    const at = below(words.length);
    switch (below(8)) {
      case 0:
        words.splice(at, 1 + below(3));
        break;
      case 1:
        words.splice(at, 0, ` ${pick(PIECES)} `);
        break;
      case 2:
        words[at] = pick(PIECES);
        break;
      case 3:
        words.splice(at, 0, ...words.slice(at, at + below(12)));
        break;
      case 4: {
        const other = pick(corpus);
        const from = below(other.length);
        words.splice(at, 0, other.slice(from, from + below(80)));
        break;
      }
      case 5:
        words.splice(at, 0, String.fromCharCode(below(random() < 0.8 ? 256 : 65536)));
        break;
      case 6:
        words.length = at;
        break;
      case 7: {
        const other = below(words.length);
        [words[at], words[other]] = [words[other]!, words[at]!];
        break;
      }
    }
    source = words.join("");
  }
  return source;
}

/** A source whose bytes were changed, as whoever reads broken UTF-8 leniently would have it. */
function bytes(random: () => number, source: string): string {
  const encoded = new TextEncoder().encode(source);
  for (let changes = 0; changes < 8 && encoded.length > 0; changes++) {
    encoded[Math.floor(random() * encoded.length)] = Math.floor(random() * 256);
  }
  return new TextDecoder().decode(encoded);
}

/** Numbers in 0..1, the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { seed: { type: "string" }, rounds: { type: "string" }, from: { type: "string" } },
  });
  const { from } = values;
  const more = from === undefined ? [] : readdirSync(from, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".lua")).map((path) => readFileSync(join(from, path), "utf8"));
  const seed = Number(values.seed ?? 1);
  const rounds = Number(values.rounds ?? 20_000);
  const taken = await fuzz({ seed, rounds, more });
  process.stdout.write(`ok: ${rounds} sources, ${taken} taken\n`);
}
