/** Guests behind endpoints. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf } from "../../lua_entries.ts";
import { type EntryFields, withGateway } from "../http/gateway.ts";
import { SAME, withMemory } from "./guests.ts";

function guest(name: string, source: string, fields: EntryFields): EntryFields[] {
  return [
    { name, kind: "function.wat", source, transport: "wasi-http", pool: { type: "inline" }, ...fields },
    {
      name: `${name}.endpoint`,
      kind: "http.endpoint",
      meta: { router: "api" },
      method: "POST",
      path: `/${name}`,
      func: name,
    },
  ];
}

const same = (type: string): EntryFields => ({
  method: "same",
  wit: `same: func(body: ${type}) -> ${type};`,
});

const FAILS = withMemory(`
  (func (export "f") (result i32)
    (i32.store8 (i32.const 16) (i32.const 1))
    (i32.store (i32.const 20) (i32.const 100))
    (i32.store (i32.const 24) (i32.const 9))
    (i32.const 16))`);
const COUNTS = `(module (func (export "f") (result i32) (i32.const 7)))`;

test("with wasi-http the body of the request is the argument, and the result the answer [wasm.transport]", () =>
  withGateway([
    ...guest("text", SAME, same("string")),
    ...guest("bytes", SAME, same("list<u8>")),
    ...guest("list", SAME, same("list<u32>")),
    ...guest("number", COUNTS, { method: "f" }),
    ...guest("fails", FAILS, { method: "f", wit: "f: func() -> result<string, string>;" }),
  ], async (gateway) => {
    const post = async (path: string, body?: string | Uint8Array<ArrayBuffer>) => {
      const response = await gateway.get(path, { method: "POST", body });
      const text = await response.text();
      return [response.status, response.headers.get("content-type"), text];
    };
    assert.deepEqual(await post("/text", "héllo"), [200, "text/plain; charset=utf-8", "héllo"]);
    assert.deepEqual(await post("/text"), [200, "text/plain; charset=utf-8", ""]);
    const bytes = await gateway.get("/bytes", { method: "POST", body: new Uint8Array([0, 255, 128]) });
    assert.equal(bytes.headers.get("content-type"), "application/octet-stream");
    assert.deepEqual([...new Uint8Array(await bytes.arrayBuffer())], [0, 255, 128]);
    assert.deepEqual(await post("/list", "[1,2,3]"), [200, "application/json", "[1,2,3]"]);
    assert.equal((await post("/list", "[1,"))[0], 500);
    assert.equal((await post("/list", "[-1]"))[0], 500);
    assert.deepEqual(await post("/number"), [200, "application/json", "7"]);
    assert.equal((await post("/fails"))[0], 500);
    const { kind, message } = await failureOf(gateway.call("app:text", "x"));
    assert.equal(
      `${kind}: ${message}`,
      "InvalidState: app:text: transport wasi-http needs a request; call it through an http.endpoint",
    );
  }));
