/**
 * Definition files (YAML) as everybody writes them: two blanks of indentation, one blank line at most, comments kept.
 *
 * PD1. Scalars are printed as they were written, never read as numbers or dates: their text is what they mean.
 * PD2. A file with mistakes in it is left alone.
 */
import {
  type Document,
  LineCounter,
  parseDocument,
  Scalar,
  type ScalarTag,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";

/** Columns after which a list or map on one line is broken. */
const WIDTH = 100;

/** A definition file printed, or where its first mistake is. */
export type PrintedDefinitions =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly line: number; readonly column: number; readonly message: string };

/** Lays a YAML text out anew. */
export function printDefinitions(text: string): PrintedDefinitions {
  const lineEnd = /\r\n|\n/.exec(text)?.[0] ?? "\n";
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: "failsafe",
    resolveKnownTags: false,
    lineCounter: lines,
    strict: true,
    logLevel: "error",
    uniqueKeys: true,
    customTags: (tags) =>
      tags.map((tag) => typeof tag === "object" && tag.tag === TEXT_TAG ? foldingTag(tag as ScalarTag) : tag),
  });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    return {
      ok: false,
      line,
      column: col,
      message: problem.message.split("\n")[0]!.replace(/ at line .*$/, ""),
    };
  }
  prepare(document);
  if (document.contents === null && document.comment === null && document.commentBefore === null) {
    return { ok: true, text: "" };
  }
  const printed = document.toString({ indent: 2, lineWidth: 0, commentString: printComment }).trimEnd() +
    "\n";
  return { ok: true, text: lineEnd === "\n" ? printed : printed.replace(/\r?\n/g, "\r\n") };
}

const TEXT_TAG = "tag:yaml.org,2002:str";

/** Texts as they are, but folded blocks, which are folded anew. */
function foldingTag(tag: ScalarTag): ScalarTag {
  return {
    ...tag,
    stringify(item, context, ...callbacks) {
      const isFolded = item.type === Scalar.BLOCK_FOLDED;
      const options = { ...context.options, lineWidth: isFolded ? WIDTH : context.options.lineWidth };
      return tag.stringify!(item, { ...context, options }, ...callbacks);
    },
  };
}

/** Sets how the nodes print themselves. */
function prepare(document: Document): void {
  visit(document, {
    Scalar(_key, node) {
      // A plain text stays plain though it looks like something else.
      if (node.type === "PLAIN" && typeof node.source === "string") node.value = node.source;
    },
    Map(_key, node) {
      if (node.flow) printFlow(node, " ");
    },
    Seq(_key, node) {
      if (node.flow) printFlow(node, "");
    },
  });
}

function printFlow(node: YAMLMap | YAMLSeq, padding: string): void {
  const print = node.toString.bind(node) as (...parts: unknown[]) => string;
  node.toString = (context?: unknown, ...callbacks: unknown[]): string => {
    const outer = context as { options: object };
    const options = { ...outer.options, lineWidth: WIDTH };
    return print({ ...outer, flowCollectionPadding: padding, options }, ...callbacks);
  };
}

function printComment(comment: string): string {
  return comment.replace(/^(?!$)(?: $)?/gm, "#").replace(/[ \t]+$/gm, "");
}
