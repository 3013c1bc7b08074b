/** The `treesitter` module: sources of many languages parsed to syntax trees, and queries on them. */
import { type Call, defineModule } from "../../src/lua/mod.ts";
import type { NativeResult } from "../../src/vm/mod.ts";
import { sourceArgument } from "./arguments.ts";
import { cursorObject } from "./cursor_object.ts";
import { languageObject } from "./language_object.ts";
import { LANGUAGES } from "./languages.ts";
import { type LoadedLanguage, loadLanguage, loadLibrary } from "./library.ts";
import { nodeObject } from "./node_object.ts";
import { createParser, parserObject } from "./parser_object.ts";
import { parse } from "./parsing.ts";
import { type CompileRegex, usesRegex } from "./predicates.ts";
import { createQuery, queryObject } from "./query_object.ts";
import { createTree, treeObject } from "./tree_object.ts";
import types from "./treesitter.d.lua" with { type: "text" };

function withLanguage(
  call: Call,
  use: (language: LoadedLanguage) => NativeResult,
): NativeResult | Promise<NativeResult> {
  const loading = loadLanguage(call.string(1), call.services.ports.compression);
  return loading instanceof Promise ? loading.then(use) : use(loading);
}

function parseOnce(call: Call): NativeResult | Promise<NativeResult> {
  const bytes = sourceArgument(call, 2);
  const { clock } = call.services.ports;
  return withLanguage(call, (language) => {
    const { library } = language;
    const parser = library.run(() => new library.api.Parser().setLanguage(language.grammar));
    try {
      return createTree(
        call,
        parse(parser, language, bytes, { clock, timeoutMs: 0, ranges: [], old: undefined }),
      );
    } finally {
      parser.delete();
    }
  });
}

let compileRegex: CompileRegex | undefined;

const noRegex: CompileRegex = () => {
  throw new Error("a query compiled an expression though it has none");
};

/** Loaded when a query has a regular expression. */
async function loadRegex(): Promise<CompileRegex> {
  const { RE2JS } = await import("re2js");
  return compileRegex = (pattern) => {
    const compiled = RE2JS.compile(pattern);
    return (text) => compiled.matcher(text).find();
  };
}

function query(call: Call): NativeResult | Promise<NativeResult> {
  const pattern = call.string(2);
  const create = (language: LoadedLanguage): NativeResult =>
    createQuery(call, language, pattern, compileRegex ?? noRegex);
  if (!usesRegex(pattern) || compileRegex !== undefined) return withLanguage(call, create);
  const loading = loadLanguage(call.string(1), call.services.ports.compression);
  return Promise.all([loading, loadRegex()]).then(([language]) => create(language));
}

export default defineModule({
  name: "treesitter",
  types,
  classes: ["deterministic", "workflow"],
  portable: true,
  functions: {
    supported_languages: () => Object.fromEntries(LANGUAGES.map(({ name }) => [name, true])),
  },
  commands: {
    parse: parseOnce,
    parser: (call) => {
      const loading = loadLibrary(call.services.ports.compression);
      return loading instanceof Promise
        ? loading.then((library) => createParser(call, library))
        : createParser(call, loading);
    },
    query,
    language: (call) => withLanguage(call, (language) => call.create(languageObject, language)),
  },
  objects: [cursorObject, languageObject, nodeObject, parserObject, queryObject, treeObject],
});
