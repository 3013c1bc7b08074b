/** Answers as Lua sees them: objects with fields. */
import { type Call, defineObject, type ObjectDefinition } from "../../src/lua/mod.ts";
import type { ByteStream, HeaderLines } from "../../src/ports/mod.ts";
import type { LuaValue } from "../../src/vm/mod.ts";
import type { Answer } from "./send.ts";

type Field = (call: Call, answer: Answer) => LuaValue;

const FIELDS: Readonly<Record<string, Field>> = {
  status_code: (_call, { status }) => status,
  headers: (_call, { headers }) => firstValues(headers),
  cookies: (_call, { headers }) => cookiesOf(headers),
  body: (_call, { body }) => body ?? "",
  body_size: (_call, { body }) => body?.length ?? -1,
  url: (_call, { url }) => url,
  stream: (call, { stream }) => stream === undefined ? null : call.createStream(new Shared(stream)),
};

/** An answer. */
export const responseObject: ObjectDefinition<Answer> = defineObject<Answer>({
  name: "httpclient.Response",
  tostring: ({ status }) => `httpclient.Response{status=${status}}`,
  operators: {
    index: (call) => {
      const answer = call.self(responseObject);
      const name = call.type(2) === "string" ? call.string(2) : "";
      return Object.hasOwn(FIELDS, name) ? FIELDS[name]!(call, answer) : null;
    },
  },
  release: ({ stream }) => {
    // Nobody is left to be told that closing failed.
    if (stream !== undefined) Promise.resolve(stream.close()).catch(() => undefined);
  },
});

/** A header name as `Content-Type` is written. */
function canonicalName(name: string): string {
  return name.toLowerCase().replaceAll(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** The first value of each name. */
function firstValues(headers: HeaderLines): LuaValue {
  const values = new Map<LuaValue, LuaValue>();
  for (const [name, value] of headers) {
    const key = canonicalName(name);
    if (!values.has(key)) values.set(key, value);
  }
  return values;
}

function cookiesOf(headers: HeaderLines): LuaValue {
  const cookies = new Map<LuaValue, LuaValue>();
  for (const [name, value] of headers) {
    if (name.toLowerCase() !== "set-cookie") continue;
    const pair = value.split(";", 1)[0]!;
    const at = pair.indexOf("=");
    if (at > 0) cookies.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim().replace(/^"(.*)"$/, "$1"));
  }
  return cookies;
}

/** The stream of an answer, which the answer holds open however often Lua drops its handles. */
class Shared implements ByteStream {
  readonly #stream: ByteStream;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  get size(): number {
    return this.#stream.size;
  }

  get position(): number {
    return this.#stream.position;
  }

  read(size: number): Promise<Uint8Array | null> | Uint8Array | null {
    return this.#stream.read!(size);
  }

  close(): Promise<void> | void {
    return this.#stream.close();
  }

  drop(): void {}
}
