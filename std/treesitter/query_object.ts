/** Queries as objects of Lua. */
import type { Point, Query, QueryCapture, QueryOptions } from "web-tree-sitter";
import { Failure, TREE_CAPTURES_MAX } from "../../src/core/mod.ts";
import { type Call, defineObject, type ModuleFunction, type ObjectDefinition } from "../../src/lua/mod.ts";
import { ArgumentError, type LuaHandle, type LuaValue, Values } from "../../src/vm/mod.ts";
import {
  indexArgument,
  invalid,
  offsetArgument,
  pointArgument,
  sourceArgument,
  timeoutArgument,
} from "./arguments.ts";
import { Deadline } from "./deadline.ts";
import type { LoadedLanguage } from "./library.ts";
import { createNode, nodeObject } from "./node_object.ts";
import { type CompileRegex, disguise, type Predicate, predicatesOf } from "./predicates.ts";
import type { SyntaxNode } from "./syntax_tree.ts";

/** In-progress matches that a query keeps when its script sets no limit. */
const MATCHES_DEFAULT = 65_536;

/** What one search may still give. What is beyond is passed over, and the search fails. */
class Allowance {
  #left = 0;
  /** Whether a match counts with all its captures, or each capture by itself. */
  #isWhole = false;

  begin(isWhole: boolean): void {
    this.#left = TREE_CAPTURES_MAX;
    this.#isWhole = isWhole;
  }

  get isSpent(): boolean {
    return this.#left < 0;
  }

  /** Asked of each match that fits. */
  readonly spend: Predicate = (captures) => {
    this.#left -= this.#isWhole ? Math.max(1, captures.length) : 1;
    return this.#left >= 0;
  };
}

/** A query in the hands of a script. */
interface QueryHandle {
  readonly language: LoadedLanguage;
  readonly query: Query;
  /** Number of captures by the name, from 0. */
  readonly captures: ReadonlyMap<string, number>;
  readonly allowance: Allowance;
  bytes: { start: number; end: number } | undefined;
  points: { start: Point; end: Point } | undefined;
  matchLimit: number;
  startDepthMax: number | undefined;
  timeoutMs: number;
}

/** The object of a query. Fails with Invalid when the pattern is malformed. */
export function createQuery(
  call: Call,
  language: LoadedLanguage,
  pattern: string,
  regex: CompileRegex,
): LuaHandle {
  const { api } = language.library;
  const isMistake = (error: unknown): boolean => error instanceof Error && error.name === "QueryError";
  let query: Query;
  try {
    query = language.library.run(() => new api.Query(language.grammar, disguise(pattern)), isMistake);
  } catch (error) {
    if (!isMistake(error)) throw error;
    const { index = 0 } = error as { index?: number };
    const before = pattern.slice(0, index);
    const place = `${before.split("\n").length}:${index - before.lastIndexOf("\n")}`;
    throw invalid(`invalid query: ${(error as Error).message} (${place})`);
  }
  const allowance = new Allowance();
  try {
    const judged = predicatesOf(query, regex).map((
      predicates,
    ): Predicate[] => [...predicates, allowance.spend]);
    // The binding asks these of each match; it has none of its own, for it did not know the predicates.
    (query as unknown as { textPredicates: Predicate[][] }).textPredicates = judged;
  } catch (error) {
    query.delete();
    throw error;
  }
  const captures = new Map(query.captureNames.map((name, i) => [name, i]));
  return call.create(queryObject, {
    language,
    query,
    captures,
    allowance,
    bytes: undefined,
    points: undefined,
    matchLimit: MATCHES_DEFAULT,
    startDepthMax: undefined,
    timeoutMs: 0,
  });
}

/** Runs a query on the node at argument 2; `isWhole` when it gives matches. */
function search<T>(
  call: Call,
  isWhole: boolean,
  run: (query: Query, node: SyntaxNode["node"], options: QueryOptions) => T,
): { found: T; node: SyntaxNode; bytes: Uint8Array | undefined; handle: QueryHandle } {
  const handle = call.self(queryObject);
  const node = call.object(2, nodeObject);
  if (node === undefined) throw new ArgumentError(2, "treesitter.Node", call.type(2));
  if (node.owner.language !== handle.language) {
    throw invalid("the node is of another language than the query");
  }
  const bytes = call.count < 3 || call.type(3) === "nil" ? undefined : sourceArgument(call, 3);
  const deadline = new Deadline(call.services.ports.clock, handle.timeoutMs);
  const options: QueryOptions = { ...limitsOf(handle, node), progressCallback: deadline.check };
  handle.allowance.begin(isWhole);
  const found = handle.language.library.run(() => run(handle.query, node.node, options));
  if (deadline.isMissed) {
    throw new Failure("Internal", "query failed: it took too long", { retryable: false });
  }
  if (handle.allowance.isSpent) {
    const message =
      `the query gives more than ${TREE_CAPTURES_MAX} captures: search a part with set_byte_range`;
    throw new Failure("LimitExceeded", message, { retryable: false });
  }
  return { found, node, bytes, handle };
}

function limitsOf(
  { bytes, points, matchLimit, startDepthMax }: QueryHandle,
  { source }: SyntaxNode,
): QueryOptions {
  return {
    matchLimit,
    ...bytes === undefined
      ? {}
      : { startIndex: source.unitOf(bytes.start), endIndex: source.unitOf(bytes.end) },
    ...points === undefined
      ? {}
      : { startPosition: source.unitPoint(points.start), endPosition: source.unitPoint(points.end) },
    ...startDepthMax === undefined ? {} : { maxStartDepth: startDepthMax },
  };
}

const captures: ModuleFunction = (call) => {
  const { found, node, bytes, handle } = search(
    call,
    false,
    (query, root, options) => query.captures(root, options),
  );
  return found.map((capture) => {
    const captured = node.relative(capture.node);
    return {
      name: capture.name,
      index: handle.captures.get(capture.name) ?? 0,
      text: captured.text(bytes),
      node: createNode(call, captured),
    };
  });
};

const matches: ModuleFunction = (call) => {
  const { found, node, handle } = search(call, true, (query, root, options) => query.matches(root, options));
  const table = (capture: QueryCapture): LuaValue => ({
    name: capture.name,
    index: handle.captures.get(capture.name) ?? 0,
    node: createNode(call, node.relative(capture.node)),
  });
  return found.map(({ patternIndex, captures }, id) => ({
    id,
    pattern: patternIndex,
    captures: captures.map(table),
  }));
};

/** A method that changes how a query runs. */
function setting(set: (handle: QueryHandle, call: Call) => void): ModuleFunction {
  return (call) => {
    set(call.self(queryObject), call);
    return new Values([]);
  };
}

/** The number of a pattern at argument 2. */
function patternArgument(call: Call, { query }: QueryHandle): number {
  const index = indexArgument(call, 2);
  if (index < 0 || index >= query.patternCount()) throw invalid(`there is no pattern ${index}`);
  return index;
}

/** A query. */
export const queryObject: ObjectDefinition<QueryHandle> = defineObject<QueryHandle>({
  name: "treesitter.Query",
  methods: {
    captures,
    matches,
    set_byte_range: setting((handle, call) => {
      const range = { start: offsetArgument(call, 2), end: offsetArgument(call, 3) };
      if (range.start > range.end) throw invalid("the range ends before it starts");
      handle.bytes = range;
    }),
    set_point_range: setting((handle, call) => {
      const range = { start: pointArgument(call, 2), end: pointArgument(call, 3) };
      const isTurned = range.start.row > range.end.row ||
        range.start.row === range.end.row && range.start.column > range.end.column;
      if (isTurned) throw invalid("the range ends before it starts");
      handle.points = range;
    }),
    set_match_limit: setting((handle, call) => {
      const limit = indexArgument(call, 2);
      if (limit < 1 || limit > MATCHES_DEFAULT) {
        throw invalid(`a match limit is a number from 1 to ${MATCHES_DEFAULT}`);
      }
      handle.matchLimit = limit;
    }),
    set_max_start_depth: setting((handle, call) => {
      const isUnset = call.count < 2 || call.type(2) === "nil";
      const depth = isUnset ? undefined : indexArgument(call, 2);
      if (depth !== undefined && depth < 0) throw invalid("a depth is a number from 0");
      handle.startDepthMax = depth;
    }),
    set_timeout: setting((handle, call) => {
      handle.timeoutMs = timeoutArgument(call, 2);
    }),
    disable_pattern: setting((handle, call) => handle.query.disablePattern(patternArgument(call, handle))),
    disable_capture: setting((handle, call) => {
      const name = call.string(2);
      if (!handle.captures.has(name)) throw invalid(`there is no capture "${name}"`);
      handle.query.disableCapture(name);
    }),
    did_exceed_match_limit: (call) => call.self(queryObject).query.didExceedMatchLimit(),
    pattern_count: (call) => call.self(queryObject).query.patternCount(),
    capture_count: (call) => call.self(queryObject).captures.size,
    string_count: (call) => {
      const { language, query } = call.self(queryObject);
      return language.library.instance._ts_query_string_count?.((query as unknown as { 0: number })[0]) ?? 0;
    },
    start_byte_for_pattern: (call) => {
      const handle = call.self(queryObject);
      const pattern = patternArgument(call, handle);
      const address = (handle.query as unknown as { 0: number })[0];
      return handle.language.library.instance._ts_query_start_byte_for_pattern?.(address, pattern) ?? 0;
    },
    capture_name_for_id: (call) => {
      const { query } = call.self(queryObject);
      return query.captureNames[indexArgument(call, 2)] ?? null;
    },
    capture_index_for_name: (call) => call.self(queryObject).captures.get(call.string(2)) ?? null,
  },
  tostring: ({ language }) => `treesitter.Query{${language.name}}`,
  release: ({ query }) => query.delete(),
});
