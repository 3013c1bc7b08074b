/** The `http.Response` class. Every method gives nothing, or an error. */
import { asFailure, Failure } from "../../src/core/mod.ts";
import { type Call, defineObject, type ModuleCommand, type ObjectDefinition } from "../../src/lua/mod.ts";
import type { HttpResponseWriter } from "../../src/ports/mod.ts";
import { ArgumentError, type LuaValue, type NativeResult } from "../../src/vm/mod.ts";
import { currentExchange } from "./request.ts";

const UTF8 = new TextDecoder();
const JSON_TYPE = "application/json";
const TRANSFERS = ["chunked", "sse"] as const;

/** The `http.response` function. */
export function openResponse(call: Call): NativeResult {
  return call.create(responseObject, currentExchange(call).response);
}

/** A method that changes the response; its failure is the one result. */
function changes(change: (response: HttpResponseWriter, call: Call) => void | Promise<void>): ModuleCommand {
  return (call) => {
    const refuse = (error: unknown): LuaValue => {
      if (error instanceof Failure) return call.error(error);
      throw error;
    };
    try {
      const done = change(call.self(responseObject), call);
      return done instanceof Promise ? done.then(() => null, refuse) : null;
    } catch (error) {
      return refuse(error);
    }
  };
}

/** What has no JSON is the caller's mistake. */
function encoded(encode: () => Uint8Array): Uint8Array {
  try {
    return encode();
  } catch (error) {
    throw new Failure("Invalid", asFailure(error).message, { retryable: false, cause: error });
  }
}

/** From this length on text is passed on as the bytes it is: reading them costs more than copying. */
const TEXT_BYTES_MAX = 4096;

/** Text or bytes to write; numbers as Lua prints them. */
function data(call: Call): string | Uint8Array {
  if (call.type(2) === "string" && call.view(2).length > TEXT_BYTES_MAX) return call.bytes(2);
  const value = call.value(2);
  return typeof value === "string" || value instanceof Uint8Array ? value : call.string(2);
}

function event(call: Call): { name: string; data: LuaValue } {
  const given = call.value(2);
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new ArgumentError(2, "table", call.type(2));
  }
  const { name, data } = given as Record<string, LuaValue>;
  if (typeof name !== "string" || name === "") throw new ArgumentError(2, "event name is required");
  if (data === null || data === undefined) throw new ArgumentError(2, "event data is required");
  if (/[\r\n]/.test(name)) throw new ArgumentError(2, "event name must be one line");
  return { name, data };
}

/** The response of a request being answered. */
export const responseObject: ObjectDefinition<HttpResponseWriter> = defineObject<HttpResponseWriter>({
  name: "http.Response",
  tostring: () => "http.Response{}",
  methods: {
    stream: (call) => call.createStream(call.self(responseObject).stream()),
  },
  commands: {
    set_status: changes((response, call) => response.setStatus(call.number(2))),
    set_header: changes((response, call) => response.setHeader(call.string(2), call.string(3))),
    set_content_type: changes((response, call) => response.setContentType(call.string(2))),
    set_transfer: changes((response, call) => {
      const written = call.string(2);
      const mode = TRANSFERS.find((name) => name === written);
      if (mode === undefined) {
        throw new Failure("Invalid", `invalid transfer mode: ${written} (chunked or sse)`, {
          retryable: false,
        });
      }
      response.setTransfer(mode);
    }),
    write: changes((response, call) => response.write(data(call))),
    write_json: changes((response, call) => {
      const text = encoded(() => call.json(2));
      if (!response.headersSent) response.setContentType(JSON_TYPE);
      return response.write(text);
    }),
    write_event: changes((response, call) => {
      const { name, data } = event(call);
      const text = encoded(() => call.runtime.universe.encodeJson(data));
      return response.event(name, UTF8.decode(text));
    }),
    flush: changes((response) => response.flush()),
  },
});
