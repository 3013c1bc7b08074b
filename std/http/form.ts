/** The `parse_multipart` method: a form with its values and files. */
import { Failure, joinBytes } from "../../src/core/mod.ts";
import { type Call, defineObject, type ObjectDefinition } from "../../src/lua/mod.ts";
import type { HttpExchange } from "../../src/ports/mod.ts";
import { type LuaValue, type NativeResult, Values } from "../../src/vm/mod.ts";
import { headerParameter, malformed, MultipartParser, type PartHeaders, type PartSink } from "./multipart.ts";
import { Upload } from "./upload.ts";

/** Bytes of files kept in memory unless asked otherwise. */
const MEMORY_BYTES = 32 * 1024 * 1024;
/** Bytes that the plain values of a form may have together. */
const VALUE_BYTES_MAX = 10 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;
const MULTIPART = /^multipart\/form-data\s*(;|$)/i;

/** A file of a form. */
export const multipartFileObject: ObjectDefinition<Upload> = defineObject<Upload>({
  name: "http.MultipartFile",
  tostring: (file) => `http.MultipartFile{name=${file.name}, size=${file.size}}`,
  methods: {
    name: (call) => call.self(multipartFileObject).name,
    size: (call) => call.self(multipartFileObject).size,
    header: (call) => call.self(multipartFileObject).headers.get(call.string(2).toLowerCase()) ?? null,
    stream: (call) => call.createStream(call.self(multipartFileObject).stream()),
  },
});

/** A plain value while it arrives. */
class FormValue implements PartSink {
  readonly #chunks: Uint8Array[] = [];
  readonly #counted: { bytes: number };

  constructor(counted: { bytes: number }) {
    this.#counted = counted;
  }

  write(data: Uint8Array): void {
    this.#counted.bytes += data.length;
    if (this.#counted.bytes > VALUE_BYTES_MAX) throw malformed("values are too long");
    this.#chunks.push(data.slice());
  }

  get bytes(): Uint8Array {
    return joinBytes(this.#chunks);
  }
}

type Part = { name: string; value: FormValue } | { name: string; file: Upload };

/** The last component of a path in either notation. */
function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

function boundaryOf(exchange: HttpExchange): string {
  const type = exchange.header("content-type") ?? "";
  if (!MULTIPART.test(type)) {
    throw new Failure("Invalid", "content type is not multipart/form-data", { retryable: false });
  }
  const boundary = headerParameter(type, "boundary");
  if (boundary === undefined || boundary === "") throw malformed("the content type names no boundary");
  return boundary;
}

/** Reads the form of a request; argument 2 is how many bytes of its files stay in memory. */
export async function parseForm(
  call: Call,
  exchange: HttpExchange,
  limits: { bytesMax: number; timeoutMs: number },
): Promise<NativeResult> {
  const memory = call.count < 2 || call.type(2) === "nil" ? MEMORY_BYTES : Math.max(0, call.number(2));
  const { services, process } = call;
  const tooLarge = new Failure("Invalid", "request body too large", { retryable: false });
  const boundary = boundaryOf(exchange);
  if (exchange.contentLength > limits.bytesMax) throw tooLarge;
  const stream = exchange.bodyStream({ timeoutMs: limits.timeoutMs });
  const parts: Part[] = [];
  const budget = { bytesLeft: memory };
  const counted = { bytes: 0 };
  const open = (headers: PartHeaders): PartSink => {
    const disposition = headers.get("content-disposition") ?? "";
    const name = headerParameter(disposition, "name") ?? "";
    const filename = headerParameter(disposition, "filename");
    if (filename === undefined) {
      const value = new FormValue(counted);
      parts.push({ name, value });
      return value;
    }
    const file = new Upload(baseName(filename), headers, services.ports, budget);
    parts.push({ name, file });
    process.onEnd(() => file.discard());
    return file;
  };
  const parser = new MultipartParser(boundary, () => {
    if (stream.position > limits.bytesMax) throw tooLarge;
    return stream.read!(PIECE_BYTES);
  }, open);
  try {
    await parser.run();
  } finally {
    await stream.close();
  }
  return new Values([formOf(call, parts), null]);
}

function formOf(call: Call, parts: readonly Part[]): LuaValue {
  const values = new Map<string, LuaValue[]>();
  const files = new Map<string, LuaValue[]>();
  for (const part of parts) {
    // A part without a name can't be asked for.
    if (part.name === "") continue;
    if ("file" in part) {
      part.file.complete();
      append(files, part.name, call.create(multipartFileObject, part.file));
    } else append(values, part.name, part.value.bytes);
  }
  const flat = [...values].map(([name, all]): [string, LuaValue] => [name, all.length === 1 ? all[0]! : all]);
  return { values: Object.fromEntries(flat), files: Object.fromEntries(files) };
}

function append(map: Map<string, LuaValue[]>, name: string, value: LuaValue): void {
  const list = map.get(name);
  if (list === undefined) map.set(name, [value]);
  else list.push(value);
}
