/** JSON, base64, digests and the validation of types, each beside what the runtime itself can do. */
import { join } from "node:path";
import { type Benchmark, called, numberFrom } from "./benchmark.ts";

/** Rows of a JSON document of about 10 MB. */
const ROWS = 50_000;
const MEGABYTES = 1000;

function json(what: "encode" | "decode", peerName: string): Benchmark {
  return {
    name: `json.${what} of 10 MB`,
    unit: "ms",
    peerName,
    must: "<=4",
    aim: "<=1.5",
    ours: (tools) => called(tools, "json", what, ROWS),
    peer: ({ bun, folder }) => numberFrom([bun, join(folder, "peers", "json.ts"), what, String(ROWS)]),
  };
}

function bytes(name: string, what: string, peerName: string): Benchmark {
  return {
    name: `${name} of 1 MB`,
    unit: "MB/s",
    peerName,
    must: "",
    aim: ">=0.9",
    ours: (tools) => called(tools, "bytes", what, MEGABYTES),
    peer: ({ bun, folder }) => numberFrom([bun, join(folder, "peers", "bytes.ts"), what, String(MEGABYTES)]),
  };
}

/** The benchmarks of this file. */
export const benchmarks: readonly Benchmark[] = [
  json("encode", "JSON.stringify"),
  json("decode", "JSON.parse"),
  bytes("base64.encode", "base64_encode", "Uint8Array.toBase64"),
  bytes("base64.decode", "base64_decode", "Uint8Array.fromBase64"),
  bytes("hash.sha256", "sha256", "node:crypto"),
  {
    name: "field checks of a type that is called",
    unit: "million/s",
    peerName: "",
    must: ">=5",
    aim: "",
    ours: (tools) => called(tools, "checks", 200_000),
  },
];
