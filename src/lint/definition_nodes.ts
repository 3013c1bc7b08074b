/** Places in definition files: fields of an entry, texts that name others, and what a finding is about. */
import { resolveEntryId } from "../core/mod.ts";
import { isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from "yaml";
import type { DefinitionFinding, Mark } from "./definition_findings.ts";

/** A stretch of the text. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** A kind, as far as it says which of its fields name other entries. */
export interface ReferringKind {
  readonly config: { readonly fields?: unknown };
  readonly references?: readonly string[];
}

/** The text of a scalar. */
export function scalarText(node: unknown): string | undefined {
  if (!isScalar(node)) return undefined;
  const { value } = node as Scalar;
  return typeof value === "string" ? value : undefined;
}

/** Where a node stands, without the blanks behind it. */
export function placeOf(node: Node): Stretch {
  const range = node.range ?? [0, 0, 0];
  return { start: range[0], end: range[1] };
}

/** The value at a path such as `meta.router` or `modules[2]` inside an entry. */
export function nodeAt(entry: YAMLMap, path: string): Node | undefined {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== "");
  const inside = (from: Node): Node | undefined => {
    let node: Node | null | undefined = from;
    for (const step of steps) {
      if (isMap(node)) node = node.get(step, true) as Node | undefined;
      else if (isSeq(node)) node = node.items[Number(step) - 1] as Node | undefined;
      else return undefined;
    }
    return node ?? undefined;
  };
  const holder = entry.get("data", true);
  return (isMap(holder) ? inside(holder) : undefined) ?? inside(entry);
}

/** The key of a field of an entry. */
export function keyPlace(entry: YAMLMap, name: string): Stretch | undefined {
  const pair = entry.items.find((item): item is Pair<Node> => isScalar(item.key) && item.key.value === name);
  return pair === undefined ? undefined : placeOf(pair.key);
}

/** All texts of an entry with their places and paths (`*` for the items of lists). */
export function textsOf(entry: YAMLMap): { path: string; text: string; place: Stretch }[] {
  const found: { path: string; text: string; place: Stretch }[] = [];
  const visit = (node: unknown, path: string): void => {
    if (isMap(node)) {
      for (const { key, value } of node.items) visit(value, path === "" ? String(key) : `${path}.${key}`);
    } else if (isSeq(node)) { for (const item of node.items) visit(item, `${path}.*`); }
    else {
      const text = scalarText(node);
      if (text !== undefined) found.push({ path, text, place: placeOf(node as Node) });
    }
  };
  visit(entry, "");
  return found.map((item) => item.path.startsWith("data.") ? { ...item, path: item.path.slice(5) } : item);
}

/** Texts of an entry in namespace `ns` that name the entry `id`: in full, or by name where the kind says that it is a reference. */
export function textsNaming(
  entry: YAMLMap,
  ns: string,
  kind: ReferringKind | undefined,
  id: string,
): ReturnType<typeof textsOf> {
  return textsOf(entry).filter(({ path, text }) => {
    if (text === id) return true;
    if (text.includes(":") || resolveEntryId(text, ns) !== id) return false;
    return isReferencePath(kind, path);
  });
}

/** Whether a field of a kind names another entry. */
export function isReferencePath(kind: ReferringKind | undefined, path: string): boolean {
  if (kind === undefined) return false;
  const steps = path.split(".");
  const isListed = (kind.references ?? []).some((pattern) => {
    const parts = pattern.split(".");
    return parts.length === steps.length && parts.every((part, i) => part === "*" || part === steps[i]);
  });
  if (isListed) return true;
  type Shape = { type?: string; fields?: Record<string, Shape>; item?: Shape };
  let field: Shape | undefined = kind.config as Shape;
  for (const step of steps) {
    while (field?.item !== undefined && field.fields === undefined && field.type?.endsWith("?")) {
      field = field.item;
    }
    field = field?.fields?.[step] ?? field?.item;
    if (field === undefined) return false;
  }
  return field.type === "reference" || field.type === "reference?";
}

/** Where in an entry that a finding is about; its name when it can't be told. Never empty. */
export function placesOfFinding(
  entry: YAMLMap,
  { entry: { id }, mark }: Pick<DefinitionFinding, "entry" | "mark">,
  kind: ReferringKind | undefined,
): Stretch[] {
  const ns = id.slice(0, Math.max(0, id.indexOf(":")));
  const found = placesOfMark(entry, ns, mark, kind);
  if (found.length > 0) return found;
  const name = entry.get("name", true);
  return [isScalar(name) ? placeOf(name) : placeOf(entry)];
}

function placesOfMark(entry: YAMLMap, ns: string, mark: Mark, kind: ReferringKind | undefined): Stretch[] {
  switch (mark.kind) {
    case "entry":
      return [];
    case "field": {
      const node = mark.path === "" ? undefined : nodeAt(entry, mark.path);
      if (node !== undefined) return [placeOf(node)];
      const key = keyPlace(entry, mark.path.split(/[.[]/)[0] ?? "");
      return key === undefined ? [] : [key];
    }
    case "reference": {
      const named = textsNaming(entry, ns, kind, mark.id);
      const filled = textsOf(entry).filter(({ text }) => text.includes("${") && text.includes(mark.id));
      return [...named, ...named.length > 0 ? [] : filled].map(({ place }) => place);
    }
    case "module": {
      const list = nodeAt(entry, "modules");
      const items = isSeq(list) ? list.items.filter((item) => scalarText(item) === mark.name) : [];
      return items.map((item) => placeOf(item as Node));
    }
    case "import": {
      const imports = nodeAt(entry, "imports");
      const pairs = isMap(imports) ? imports.items.filter(({ key }) => scalarText(key) === mark.alias) : [];
      return pairs.map(({ key }) => placeOf(key as Node));
    }
  }
}
