/** The door for those who only ask whether a source may have types: finding that out takes no parser. */

/** Names of types that are values wherever they stand; `string` is one but before a name. */
const TYPE_VALUES = [
  ..."number integer boolean any unknown never".split(" "),
  ..."Number Integer String Boolean Any Unknown Never Nil".split(" "),
];

/** Finds out cheaply that a source reads no type as a value: `string` counts but as `string.name`. */
export const TYPE_VALUE_WORD = new RegExp(`\\b(?:${TYPE_VALUES.join("|")}|string(?!\\.\\w))\\b`);

/** Where typed Lua means something else than plain Lua by the same text: casts, `typeof`, and what stands before the first line. */
const AMBIGUOUS = /^[#\uFEFF]|::|\b(?:as|typeof)\b/;

/** A name, a colon and what begins a type, unless a method is called; a declaration of a type. */
const ANNOTATION = /[\w)]\s*:\s*(?:[A-Za-z_][\w.]*\s*(?![\w.\s({"'[])|[{(])|\btype\s+[A-Za-z_]/;

/** One of these is in every text that one of the patterns above finds something in. To look for them takes less than making those. */
const SIGNS = [":", "#", "\uFEFF", "type", "as", "string", ...TYPE_VALUES];

/**
 * Whether `source` may have types. When it does not, and plain Lua takes it, it means the same in both; what else is wrong with it
 * the parser tells better.
 */
export function mayBeTyped(source: string): boolean {
  if (!SIGNS.some((sign) => source.includes(sign))) return false;
  return AMBIGUOUS.test(source) || ANNOTATION.test(source) || TYPE_VALUE_WORD.test(source);
}
