/** A collector of traces: takes what the protocol of OpenTelemetry sends over HTTP, or over gRPC, and reads its spans. */
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

/** A span as it was sent. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** "" at the root of its trace. */
  readonly parentId: string;
  readonly name: string;
  /** 1 internal, 2 server, 5 consumer. */
  readonly kind: number;
  readonly attributes: Record<string, string | number>;
  /** Message of an error, undefined when there was none. */
  readonly error: string | undefined;
  /** Facts about the program. */
  readonly resource: Record<string, string | number>;
}

/** A collector that runs. */
export interface Collector {
  readonly port: number;
  readonly spans: CollectedSpan[];
  /** Paths and types of what was sent. */
  readonly requests: string[];
  /** The span with a name; fails when there is none, or several. */
  one(name: string): CollectedSpan;
  close(): Promise<void>;
}

type Fields = [field: number, value: number | Uint8Array][];

function fieldsOf(bytes: Uint8Array): Fields {
  const fields: Fields = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const type = tag % 8;
    if (type === 0) fields.push([tag >> 3, varint()]);
    else {
      const length = type === 1 ? 8 : type === 5 ? 4 : varint();
      fields.push([tag >> 3, bytes.subarray(at, at += length)]);
    }
  }
  return fields;
}

const all = (fields: Fields, field: number): Uint8Array[] =>
  fields.filter(([found]) => found === field).map(([, value]) => value as Uint8Array);
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");

/** A list of keys and values. */
function attributesOf(list: Uint8Array[]): Record<string, string | number> {
  return Object.fromEntries(list.map((bytes) => {
    const pair = fieldsOf(bytes);
    const [[kind, value]] = fieldsOf(all(pair, 2)[0]!) as [Fields[number]];
    return [text(all(pair, 1)[0]), kind === 1 ? text(value as Uint8Array) : value as number];
  }));
}

function spansOf(body: Uint8Array): CollectedSpan[] {
  return all(fieldsOf(body), 1).flatMap((resourceSpans) => {
    const group = fieldsOf(resourceSpans);
    const resource = attributesOf(all(fieldsOf(all(group, 1)[0]!), 1));
    return all(group, 2).flatMap((scope) => all(fieldsOf(scope), 2)).map((bytes) => {
      const span = fieldsOf(bytes);
      const status = fieldsOf(all(span, 15)[0] ?? new Uint8Array());
      return {
        traceId: hex(all(span, 1)[0]),
        spanId: hex(all(span, 2)[0]),
        parentId: hex(all(span, 4)[0]),
        name: text(all(span, 5)[0]),
        kind: Number(span.find(([field]) => field === 6)?.[1] ?? 0),
        attributes: attributesOf(all(span, 9)),
        error: status.some(([field, value]) => field === 3 && value === 2)
          ? text(all(status, 2)[0])
          : undefined,
        resource,
      };
    });
  });
}

function oneOf(spans: readonly CollectedSpan[], name: string): CollectedSpan {
  const found = spans.filter((span) => span.name === name);
  if (found.length !== 1) {
    throw new Error(
      `${found.length} spans are called ${name}; there are ${spans.map((span) => span.name).join(", ")}`,
    );
  }
  return found[0]!;
}

/** Collects over HTTP. */
export async function collect(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      requests.push(`${request.method} ${request.url} ${request.headers["content-type"]}`);
      const body = Buffer.concat(parts);
      spans.push(...spansOf(request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body));
      response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    spans,
    requests,
    one: (name) => oneOf(spans, name),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/** Collects over gRPC. */
export async function collectByGrpc(): Promise<Collector> {
  const grpc = createRequire(import.meta.url)("@grpc/grpc-js");
  const spans: CollectedSpan[] = [];
  const requests: string[] = [];
  const server = new grpc.Server();
  const plain = (bytes: Uint8Array): Uint8Array => bytes;
  server.addService({
    Export: {
      path: EXPORT,
      requestStream: false,
      responseStream: false,
      requestDeserialize: plain,
      requestSerialize: plain,
      responseDeserialize: plain,
      responseSerialize: plain,
    },
  }, {
    Export: (call: { request: Uint8Array }, done: (error: null, answer: Uint8Array) => void) => {
      requests.push(EXPORT);
      spans.push(...spansOf(call.request));
      done(null, Buffer.alloc(0));
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(
      "127.0.0.1:0",
      grpc.ServerCredentials.createInsecure(),
      (error: Error | null, bound: number) => error === null ? resolve(bound) : reject(error),
    )
  );
  return {
    port,
    spans,
    requests,
    one: (name) => oneOf(spans, name),
    close: () => {
      server.forceShutdown();
      return Promise.resolve();
    },
  };
}
