/** The `http_client` module: requests to HTTP servers. */
import { Failure, HTTP_CLIENT_BATCH_CONCURRENT_MAX } from "../../src/core/mod.ts";
import { type Call, defineModule, type ModuleCommand } from "../../src/lua/mod.ts";
import { type LuaValue, Values } from "../../src/vm/mod.ts";
import types from "./http_client.d.lua" with { type: "text" };
import { readOptions } from "./options.ts";
import { responseObject } from "./response.ts";
import { type Answer, type Asked, checkMethod, send } from "./send.ts";
import { decodeUri, encodeUri } from "./uri.ts";

function optionsAt(call: Call, i: number): Asked["options"] {
  return readOptions(call.count < i ? null : call.value(i), (value) => call.streamOf(value));
}

async function answered(call: Call, asked: Asked): Promise<LuaValue> {
  return call.create(responseObject, await send(call, asked));
}

/** A function of a URL and options. */
function asking(method: string): ModuleCommand {
  return (call) => answered(call, { method, url: call.string(1), options: optionsAt(call, 2) });
}

const request: ModuleCommand = (call) => {
  const method = checkMethod(call.string(1));
  return answered(call, { method, url: call.string(2), options: optionsAt(call, 3) });
};

/** The requests of a batch. */
function batchOf(call: Call): Asked[] {
  const list = call.value(1);
  if (!Array.isArray(list)) {
    throw new Failure("Invalid", "requests must be a list of {method, url, options}", { retryable: false });
  }
  return list.map((item, i): Asked => {
    const at = `request ${i + 1}`;
    const [method, url, options] = item instanceof Map
      ? [item.get(1), item.get(2), item.get(3)]
      : Array.isArray(item)
      ? item
      : [];
    if (typeof method !== "string" || typeof url !== "string") {
      throw new Failure("Invalid", `${at}: method and url are required`, { retryable: false });
    }
    const read = readOptions(options, (value) => call.streamOf(value));
    if (read.isStreamed) {
      throw new Failure("Invalid", `${at}: streaming is not supported in batch`, { retryable: false });
    }
    return { method: checkMethod(method), url, options: read };
  });
}

const requestBatch: ModuleCommand = async (call) => {
  const batch = batchOf(call);
  const answers = new Map<LuaValue, LuaValue>();
  const errors = new Map<LuaValue, LuaValue>();
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < batch.length; i = next++) {
      try {
        const answer: Answer = await send(call, batch[i]!);
        answers.set(i + 1, call.create(responseObject, answer));
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        errors.set(i + 1, call.error(error));
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(batch.length, HTTP_CLIENT_BATCH_CONCURRENT_MAX) }, work));
  return new Values([answers, errors.size === 0 ? null : errors]);
};

export default defineModule({
  name: "http_client",
  types,
  classes: ["network", "io", "nondeterministic"],
  numbers: { request: 60, request_batch: 61, get: 62, head: 63, post: 64, put: 65, patch: 66, delete: 67 },
  functions: {
    encode_uri: (call) => encodeUri(call.bytes(1)),
    decode_uri: (call) => decodeUri(call.string(1)),
  },
  commands: {
    get: asking("GET"),
    head: asking("HEAD"),
    post: asking("POST"),
    put: asking("PUT"),
    patch: asking("PATCH"),
    delete: asking("DELETE"),
    request,
    request_batch: requestBatch,
  },
  objects: [responseObject as never],
});
