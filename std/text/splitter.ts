/** The `Splitter` object: long texts cut into chunks, as language models and searches need them. */
import {
  type Call,
  defineObject,
  type ModuleFunction,
  type ObjectDefinition,
  type Options,
  optionsArgument,
} from "../../src/lua/mod.ts";
import type { LuaValue } from "../../src/vm/mod.ts";
import { ArgumentError } from "../../src/vm/mod.ts";
import { flagOption, internal, numberOption } from "./arguments.ts";
import { MarkdownSplitter } from "./markdown.ts";
import { type ChunkPlan, RecursiveSplitter, SEPARATORS } from "./recursive.ts";

const SIZE_DEFAULT = 512;
const OVERLAP_DEFAULT = 100;
const SIZE_MAX = 2 ** 31;

/** Cuts a text. */
interface Splitter {
  split(text: string): string[];
}

function planOf(options: Options): ChunkPlan {
  const size = numberOption(options, "chunk_size", {
    fallback: SIZE_DEFAULT,
    min: 1,
    max: SIZE_MAX,
    whole: true,
  });
  // The default must not refuse small chunks: there a fifth is repeated.
  const fallback = size > OVERLAP_DEFAULT ? OVERLAP_DEFAULT : Math.floor(size / 5);
  const overlap = numberOption(options, "chunk_overlap", { fallback, min: 0, max: SIZE_MAX, whole: true });
  if (overlap >= size) {
    throw internal(`chunk_overlap (${overlap}) must be smaller than chunk_size (${size})`);
  }
  return { size, overlap };
}

function separatorsOf(options: Options): readonly string[] {
  const value = options["separators"];
  if (value === undefined || value === null) return SEPARATORS;
  const isList = Array.isArray(value) && value.every((item) => typeof item === "string");
  if (!isList) throw internal("separators must be a list of strings");
  return value.length === 0 ? SEPARATORS : value as string[];
}

/** `text.splitter.recursive`. */
export const recursive: ModuleFunction = (call) => {
  const options = optionsArgument(call, 1);
  const keepSeparator = flagOption(options, "keep_separator");
  const splitter = new RecursiveSplitter(planOf(options), {
    keepSeparator,
    separators: separatorsOf(options),
  });
  return call.create(splitterObject, splitter);
};

/** `text.splitter.markdown`. */
export const markdown: ModuleFunction = (call) => {
  const options = optionsArgument(call, 1);
  const splitter = new MarkdownSplitter(planOf(options), {
    codeBlocks: flagOption(options, "code_blocks"),
    referenceLinks: flagOption(options, "reference_links"),
    headingHierarchy: flagOption(options, "heading_hierarchy"),
    joinTableRows: flagOption(options, "join_table_rows"),
  });
  return call.create(splitterObject, splitter);
};

function splitBatch(call: Call): LuaValue {
  const splitter = call.self(splitterObject);
  if (call.count < 2 || call.type(2) !== "table") throw new ArgumentError(2, "table", call.type(2));
  const pages = call.value(2, true);
  if (!Array.isArray(pages)) throw internal("pages must be a list");
  return pages.flatMap((page, i): LuaValue[] => {
    const content = page !== null && typeof page === "object" ? (page as Options)["content"] : undefined;
    const text = content instanceof Uint8Array ? new TextDecoder().decode(content) : content;
    if (typeof text !== "string") throw internal(`pages[${i + 1}].content must be a string`);
    const { metadata } = page as Options;
    return splitter.split(text).map((chunk) => ({ content: chunk, metadata: metadata ?? null }));
  });
}

/** Cuts texts with the options it was made with. */
export const splitterObject: ObjectDefinition<Splitter> = defineObject<Splitter>({
  name: "text.Splitter",
  methods: {
    split_text: (call) => call.self(splitterObject).split(call.string(2)),
    split_batch: splitBatch,
  },
});
