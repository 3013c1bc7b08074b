/** Parsing sources to trees. */
import type { Parser, Range } from "web-tree-sitter";
import { Failure } from "../../src/core/mod.ts";
import type { Clock } from "../../src/ports/mod.ts";
import { Deadline } from "./deadline.ts";
import type { LoadedLanguage } from "./library.ts";
import { Source } from "./source.ts";
import { SyntaxTree } from "./syntax_tree.ts";

/** Units handed to tree-sitter at a time; its buffer holds a few more. */
const PIECE_UNITS = 4096;

/** How to parse. */
export interface ParseOptions {
  readonly clock: Clock;
  /** In milliseconds; 0 is no limit of the caller's own. */
  readonly timeoutMs: number;
  /** Parts of the source to parse, in bytes; empty for all of it. */
  readonly ranges: readonly ByteRange[];
  /** A tree of an earlier version, edited to what the source has become. */
  readonly old: SyntaxTree | undefined;
}

/** A range of bytes. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Parses `bytes`. Fails with Internal when it takes too long, with LimitExceeded when there is too much. */
export function parse(
  parser: Parser,
  language: LoadedLanguage,
  bytes: Uint8Array,
  { clock, timeoutMs, ranges, old }: ParseOptions,
): SyntaxTree {
  const { library } = language;
  library.take(bytes.length);
  let created: SyntaxTree | undefined;
  try {
    const source = Source.of(bytes);
    const { text } = source;
    // Help from an old tree that does not fit would give a wrong tree.
    const useful =
      old !== undefined && old.language === language && ranges.length === 0 && old.source.fits(source)
        ? old.tree
        : undefined;
    const deadline = new Deadline(clock, timeoutMs);
    const tree = library.run(() =>
      parser.parse((unit) => text.slice(unit, unit + PIECE_UNITS), useful, {
        includedRanges: ranges.map((range) => unitRange(source, range)),
        progressCallback: deadline.check,
      })
    );
    if (tree === null) {
      library.run(() => parser.reset());
      throw new Failure("Internal", deadline.isMissed ? "parse failed: it took too long" : "parse failed", {
        retryable: false,
      });
    }
    return created = SyntaxTree.create(tree, language, source);
  } finally {
    if (created === undefined) library.giveBack(bytes.length);
  }
}

function unitRange(source: Source, { start, end }: ByteRange): Range {
  const length = source.bytes.length;
  const from = Math.min(start, length);
  const to = Math.min(end, length);
  return {
    startIndex: source.unitOf(from),
    endIndex: source.unitOf(to),
    startPosition: source.pointAt(from).units,
    endPosition: source.pointAt(to).units,
  };
}
