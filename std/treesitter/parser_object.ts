/** Parsers as objects of Lua. */
import type { Parser } from "web-tree-sitter";
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineObject, type ObjectDefinition } from "../../src/lua/mod.ts";
import { type LuaHandle, type LuaValue, type NativeResult, Values } from "../../src/vm/mod.ts";
import { fieldsOf, invalid, positionField, sourceArgument, timeoutArgument } from "./arguments.ts";
import { type Library, type LoadedLanguage, loadLanguage } from "./library.ts";
import { type ByteRange, parse } from "./parsing.ts";
import { createTree, treeArgument } from "./tree_object.ts";

/** A parser in the hands of a script. */
interface ParserHandle {
  readonly library: Library;
  readonly parser: Parser;
  language: LoadedLanguage | undefined;
  timeoutMs: number;
  ranges: readonly ByteRange[];
  isClosed: boolean;
}

/** The object of a new parser. */
export function createParser(call: Call, library: Library): LuaHandle {
  const parser = library.run(() => new library.api.Parser());
  return call.create(parserObject, {
    library,
    parser,
    language: undefined,
    timeoutMs: 0,
    ranges: [],
    isClosed: false,
  });
}

function open(call: Call): ParserHandle {
  const handle = call.self(parserObject);
  if (handle.isClosed) throw invalid("parser is closed");
  return handle;
}

function close(handle: ParserHandle): void {
  if (handle.isClosed) return;
  handle.isClosed = true;
  handle.parser.delete();
}

/** Ranges of bytes, each after the one before. */
function rangesOf(value: LuaValue): ByteRange[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw invalid("ranges must be a list of {start_byte, end_byte}");
  let last = 0;
  return value.map((item, i) => {
    const fields = fieldsOf(item, `ranges[${i + 1}]`);
    const range = { start: positionField(fields, "start_byte"), end: positionField(fields, "end_byte") };
    if (range.start > range.end) throw invalid(`ranges[${i + 1}]: start_byte is beyond end_byte`);
    if (range.start < last) throw invalid(`ranges[${i + 1}] starts before the one before it ends`);
    last = range.end;
    return range;
  });
}

function setLanguage(call: Call): NativeResult | Promise<NativeResult> {
  const handle = open(call);
  const choose = (language: LoadedLanguage): NativeResult => {
    if (handle.isClosed) throw invalid("parser is closed");
    handle.library.run(() => handle.parser.setLanguage(language.grammar));
    handle.language = language;
    return true;
  };
  try {
    const loading = loadLanguage(call.string(2), call.services.ports.compression);
    return loading instanceof Promise ? loading.then(choose) : choose(loading);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return new Values([false, call.error(error)]);
  }
}

function parseSource(call: Call): NativeResult {
  const { language, parser, ranges, timeoutMs } = open(call);
  const bytes = sourceArgument(call, 2);
  const old = call.count < 3 || call.type(3) === "nil" ? undefined : treeArgument(call, 3);
  if (language === undefined) {
    throw new Failure("Internal", "parse failed: the parser has no language", { retryable: false });
  }
  const { clock } = call.services.ports;
  return createTree(call, parse(parser, language, bytes, { clock, timeoutMs, ranges, old }));
}

/** A parser. */
export const parserObject: ObjectDefinition<ParserHandle> = defineObject<ParserHandle>({
  name: "treesitter.Parser",
  methods: {
    get_language: (call) => open(call).language?.name ?? null,
    parse: parseSource,
    set_timeout: (call) => {
      open(call).timeoutMs = timeoutArgument(call, 2);
      return new Values([]);
    },
    set_ranges: (call) => {
      open(call).ranges = rangesOf(call.count < 2 ? null : call.value(2));
      return new Values([]);
    },
    reset: (call) => {
      const { library, parser } = open(call);
      library.run(() => parser.reset());
      return new Values([]);
    },
    close: (call) => {
      close(call.self(parserObject));
      return new Values([]);
    },
  },
  commands: { set_language: setLanguage },
  tostring: ({ isClosed }) => isClosed ? "treesitter.Parser{closed}" : "treesitter.Parser{}",
  release: close,
});
