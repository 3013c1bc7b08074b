/**
 * A definition file as editors work on it: entries with their places, and mistakes that leave the rest readable.
 *
 * DT1. Never throws: a text that is no YAML has mistakes and those entries that could be read.
 */
import { isValueMap, printEntryId, type Value, type ValueMap } from "../core/mod.ts";
import { placeOf, scalarText, type Stretch } from "../lint/mod.ts";
import { isMap, isScalar, isSeq, type Node, parseDocument, type YAMLMap } from "yaml";
import type { Text } from "./text.ts";

/** What an entry's `source` says. */
export type SourceText =
  | { readonly kind: "file"; readonly reference: string; readonly place: Stretch }
  | { readonly kind: "inline"; readonly value: string; readonly place: Stretch; readonly isBlock: boolean };

/** An entry where it is written. */
export interface WrittenEntry {
  readonly id: string;
  readonly ns: string;
  readonly name: string;
  readonly kind: string;
  readonly meta: ValueMap;
  readonly data: ValueMap;
  readonly place: Stretch;
  readonly namePlace: Stretch;
  readonly kindPlace: Stretch | undefined;
  readonly source: SourceText | undefined;
  readonly node: YAMLMap;
}

/** A mistake of the YAML itself. */
export interface YamlMistake extends Stretch {
  readonly message: string;
}

/** A definition file. */
export interface DefinitionText {
  readonly text: Text;
  readonly ns: string;
  readonly entries: readonly WrittenEntry[];
  readonly mistakes: readonly YamlMistake[];
}

/** Start of a reference to a file. */
export const FILE_SCHEME = "file://";

/** Reads a definition file; without `namespace` there are no entries. */
export function readDefinitionText(text: Text): DefinitionText {
  const document = parseDocument(text.source, { strict: false, merge: true, logLevel: "silent" });
  const mistakes = document.errors.map(({ message, pos }) => ({
    message: message.split("\n")[0]!.replace(/ at line \d+.*$/, ""),
    start: pos[0],
    end: Math.max(pos[0], Math.min(pos[1], text.source.length)),
  }));
  const root = document.contents;
  if (!isMap(root)) return { text, ns: "", entries: [], mistakes };
  const ns = scalarText(root.get("namespace", true)) ?? "";
  const shared = plain(root.get("meta", true));
  const list = root.get("entries", true);
  const nodes = isSeq(list) ? list.items : list === undefined && root.has("kind") ? [root] : [];
  const entries = nodes.flatMap((node) => {
    const entry = isMap(node)
      ? entryOf(node, ns, isValueMap(shared) && node !== root ? shared : {})
      : undefined;
    return entry === undefined ? [] : [entry];
  });
  return { text, ns, entries, mistakes };
}

function entryOf(node: YAMLMap, ns: string, shared: ValueMap): WrittenEntry | undefined {
  const nameNode = node.get("name", true);
  const name = scalarText(nameNode);
  if (name === undefined || name === "" || ns === "") return undefined;
  const kindNode = node.get("kind", true);
  const whole = plain(node);
  if (!isValueMap(whole)) return undefined;
  const { name: _name, kind: _kind, meta, namespace: _ns, version: _version, entries: _entries, ...fields } =
    whole;
  const data = isValueMap(fields.data) ? fields.data : fields;
  const holder = node.get("data", true);
  return {
    id: printEntryId(ns, name),
    ns,
    name,
    kind: scalarText(kindNode) ?? "",
    meta: { ...shared, ...isValueMap(meta) ? meta : {} },
    data,
    place: placeOf(node),
    namePlace: placeOf(nameNode as Node),
    kindPlace: isScalar(kindNode) ? placeOf(kindNode) : undefined,
    source: sourceOf(isMap(holder) ? holder : node),
    node,
  };
}

function sourceOf(node: YAMLMap): SourceText | undefined {
  const source = node.get("source", true);
  if (!isScalar(source) || typeof source.value !== "string") return undefined;
  const place = placeOf(source);
  if (source.value.startsWith(FILE_SCHEME)) {
    return { kind: "file", reference: source.value.slice(FILE_SCHEME.length), place };
  }
  return { kind: "inline", value: source.value, place, isBlock: source.type === "BLOCK_LITERAL" };
}

function plain(node: unknown): Value {
  try {
    return (node as Node | undefined)?.toJSON() as Value;
  } catch {
    // An alias without its anchor, or one that unfolds without end.
    return undefined;
  }
}
