/** The `http.Request` class. Every method gives a value and an error. */
import { asFailure, Failure, HTTP_BODY_BYTES_MAX, HTTP_BODY_TIMEOUT_MS } from "../../src/core/mod.ts";
import {
  type Call,
  defineObject,
  type LuaRuntime,
  type ModuleFunction,
  type ObjectDefinition,
} from "../../src/lua/mod.ts";
import { attachment, type HttpExchange, HttpExchangeAttachment } from "../../src/ports/mod.ts";
import { Encoded, type LuaValue, type NativeResult, Values } from "../../src/vm/mod.ts";
import { multipartFileObject, parseForm } from "./form.ts";

/** A request as one function sees it, with its own limits. */
export class RequestView {
  readonly exchange: HttpExchange;
  readonly bytesMax: number;
  readonly timeoutMs: number;
  #query: URLSearchParams | undefined;

  constructor(exchange: HttpExchange, bytesMax: number, timeoutMs: number) {
    this.exchange = exchange;
    this.bytesMax = bytesMax;
    this.timeoutMs = timeoutMs;
  }

  get query(): URLSearchParams {
    return this.#query ??= new URLSearchParams(this.exchange.search);
  }
}

/** The request that the calling function answers; Internal when it answers none. */
export function currentExchange(call: Call): HttpExchange {
  const exchange = attachment(call.process.frame, HttpExchangeAttachment);
  if (exchange !== undefined) return exchange;
  throw new Failure("Internal", "no HTTP request context found", { retryable: false });
}

function positive(value: LuaValue, fallback: number, name: string): number {
  if (value === null || value === undefined) return fallback;
  if (typeof value !== "number" || !(value > 0)) {
    throw new Failure("Invalid", `${name} must be a positive number`, { retryable: false });
  }
  return value;
}

/** The `http.request` function. */
export function openRequest(call: Call): NativeResult {
  const exchange = currentExchange(call);
  const given = call.count < 1 ? null : call.value(1);
  const isTable = typeof given === "object" && given !== null && !Array.isArray(given);
  const options = isTable ? given as Record<string, LuaValue> : {};
  const bytesMax = positive(options["max_body"], HTTP_BODY_BYTES_MAX, "max_body");
  const timeoutMs = positive(options["timeout"], HTTP_BODY_TIMEOUT_MS, "timeout");
  return new Values([call.create(requestObject, new RequestView(exchange, bytesMax, timeoutMs)), null]);
}

/** A method that reads something of the request. */
function reads(read: (view: RequestView, call: Call) => LuaValue | undefined): ModuleFunction {
  return (call) => new Values([read(call.self(requestObject), call) ?? null, null]);
}

/** Whether an `Accept` header names a type, or takes anything. */
function accepts(header: string | undefined, type: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((item) => {
    const member = item.trim();
    return member === type || member === "*/*";
  });
}

function joinedQuery(query: URLSearchParams): LuaValue {
  const joined = new Map<string, string>();
  for (const [name, value] of query) {
    const earlier = joined.get(name);
    joined.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return Object.fromEntries(joined);
}

function body<R extends NativeResult>(call: Call, use: (bytes: Uint8Array) => R): R | Promise<R> {
  const { exchange, bytesMax, timeoutMs } = call.self(requestObject);
  const bytes = exchange.body({ bytesMax, timeoutMs });
  return bytes instanceof Promise ? bytes.then(use) : use(bytes);
}

function decoded(runtime: LuaRuntime, bytes: Uint8Array): NativeResult {
  try {
    return new Encoded(runtime.universe.decodeJson(bytes));
  } catch (error) {
    throw new Failure("Invalid", `invalid JSON: ${asFailure(error).message}`, {
      retryable: false,
      cause: error,
    });
  }
}

/** A request being answered. */
export const requestObject: ObjectDefinition<RequestView> = defineObject<RequestView>({
  name: "http.Request",
  tostring: ({ exchange }) => `http.Request{method=${exchange.method}, path=${exchange.path}}`,
  methods: {
    method: reads(({ exchange }) => exchange.method),
    path: reads(({ exchange }) => exchange.path),
    host: reads(({ exchange }) => exchange.host),
    remote_addr: reads(({ exchange }) => exchange.remoteAddress),
    query: reads((view, call) => view.query.get(call.string(2))),
    query_params: reads((view) => joinedQuery(view.query)),
    header: reads(({ exchange }, call) => exchange.header(call.string(2))),
    content_type: reads(({ exchange }) => exchange.header("content-type")),
    content_length: reads(({ exchange }) => exchange.contentLength),
    param: reads(({ exchange }, call) => {
      const name = call.string(2);
      return Object.hasOwn(exchange.params, name) ? exchange.params[name] : null;
    }),
    params: reads(({ exchange }) => exchange.params),
    has_body: reads(({ exchange }) => exchange.contentLength > 0),
    is_content_type: reads(({ exchange }, call) =>
      (exchange.header("content-type") ?? "").toLowerCase().startsWith(call.string(2).toLowerCase())
    ),
    accepts: reads(({ exchange }, call) => accepts(exchange.header("accept"), call.string(2))),
    stream: (call) => new Values([call.createStream(call.self(requestObject).exchange.bodyStream()), null]),
  },
  commands: {
    body: (call) => body(call, (bytes) => new Values([bytes, null])),
    body_json: (call) => {
      const { runtime } = call;
      return body(call, (bytes) => decoded(runtime, bytes));
    },
    parse_multipart: (call) => {
      const { exchange, bytesMax, timeoutMs } = call.self(requestObject);
      return parseForm(call, exchange, { bytesMax, timeoutMs });
    },
  },
});

/** Classes of objects that requests hand out. */
export const requestObjects = [requestObject, multipartFileObject] as const;
