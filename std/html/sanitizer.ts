/**
 * A document rewritten so that only what a policy allows is left.
 *
 * S1. The output is well formed: what is open is closed in order, text and values are escaped.
 * S2. Nothing of the input is copied as markup: tags are written anew from their names and values.
 * S3. Nesting is bounded, as in browsers; deeper input is refused, so that time grows with the length only.
 */
import { Parser } from "htmlparser2";
import { Failure, HTML_DEPTH_MAX } from "../../src/core/mod.ts";
import { DROPPED, type Policy } from "./policy.ts";
import { isFullyQualified } from "./urls.ts";

const VOID: ReadonlySet<string> = new Set(
  "area base br col embed hr img input link meta param source track wbr".split(" "),
);
const LINKS: ReadonlySet<string> = new Set(["a", "area", "link"]);
const NAME = /^[a-z][a-z0-9:-]*$/;
const ATTRIBUTE_NAME = /^[a-z_][a-z0-9_:.-]*$/;

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function escapeValue(value: string): string {
  return escapeText(value).replaceAll('"', "&#34;");
}

/** Attributes that an element may keep, with those that links gain. */
function attributesOf(
  policy: Policy,
  element: string,
  written: Readonly<Record<string, string>>,
): Map<string, string> {
  const kept = new Map<string, string>();
  for (const [name, value] of Object.entries(written)) {
    if (!ATTRIBUTE_NAME.test(name) || !policy.permits(element, name, value)) continue;
    const permitted = policy.urls.permitted(element, name, value);
    if (permitted !== undefined) kept.set(name, permitted);
  }
  const href = kept.get("href");
  if (href === undefined || !LINKS.has(element)) return kept;
  const relations = new Set((kept.get("rel") ?? "").split(/\s+/).filter((word) => word !== ""));
  if (policy.noFollow) relations.add("nofollow");
  if (policy.noReferrer) relations.add("noreferrer");
  if (relations.size > 0) kept.set("rel", [...relations].join(" "));
  if (policy.targetBlank && element !== "link" && isFullyQualified(href)) kept.set("target", "_blank");
  return kept;
}

function openTag(policy: Policy, element: string, written: Readonly<Record<string, string>>): string {
  let tag = `<${element}`;
  for (const [name, value] of attributesOf(policy, element, written)) {
    tag += ` ${name}="${escapeValue(value)}"`;
  }
  return `${tag}>`;
}

/** An element that is open, and what becomes of it. */
interface OpenElement {
  readonly name: string;
  readonly state: "kept" | "left out" | "dropped";
}

/** The document with what `policy` allows. */
export function sanitize(policy: Policy, document: string): string {
  const output: string[] = [];
  const open: OpenElement[] = [];
  let dropping = 0;
  const closeTop = (): void => {
    const { name, state } = open.pop()!;
    if (state === "kept") output.push(`</${name}>`);
    else if (state === "dropped") dropping--;
  };
  const parser = new Parser({
    onopentag(name, attributes) {
      const isKept = policy.hasElement(name) && NAME.test(name);
      const isWritten = isKept && dropping === 0;
      if (isWritten) output.push(openTag(policy, name, attributes));
      if (VOID.has(name)) return;
      if (open.length >= HTML_DEPTH_MAX) {
        const message = `html is nested deeper than ${HTML_DEPTH_MAX} elements`;
        throw new Failure("Invalid", message, { retryable: false });
      }
      open.push({ name, state: isWritten ? "kept" : DROPPED.has(name) ? "dropped" : "left out" });
      if (DROPPED.has(name)) dropping++;
    },
    onclosetag(name) {
      // The parser may close one that is not the innermost; what is open within it ends too.
      const at = open.findLastIndex((element) => element.name === name);
      while (at >= 0 && open.length > at) closeTop();
    },
    ontext(text) {
      if (dropping === 0) output.push(escapeText(text));
    },
  }, { lowerCaseTags: true, lowerCaseAttributeNames: true, decodeEntities: true });
  parser.write(document);
  parser.end();
  while (open.length > 0) closeTop();
  return output.join("");
}
