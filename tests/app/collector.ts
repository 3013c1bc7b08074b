/** A collector: takes what the protocol of OpenTelemetry sends over HTTP, or over gRPC, and reads spans and measurements. */
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { type Fields, fieldsOf } from "../protobuf.ts";

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
  /** `type name{label=value} value` of each measurement; of a histogram its counts, its number and its sum. */
  readonly measured: string[];
  /** Paths and types of what was sent. */
  readonly requests: string[];
  /** The span with a name; fails when there is none, or several. */
  one(name: string): CollectedSpan;
  close(): Promise<void>;
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

/** Fields of measurements by the number of what holds their points. */
const MEASURED: ReadonlyMap<number, string> = new Map([[5, "gauge"], [7, "counter"], [9, "histogram"]]);

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const double = (bytes: Uint8Array | undefined): number =>
  bytes === undefined ? 0 : view(bytes).getFloat64(0, true);
const fixed = (bytes: Uint8Array, at = 0): number => Number(view(bytes).getBigUint64(at, true));

function pointOf(type: string, bytes: Uint8Array): string {
  const point = fieldsOf(bytes);
  const isHistogram = type === "histogram";
  const labels = Object.entries(attributesOf(all(point, isHistogram ? 9 : 7)));
  const shown = `{${labels.map(([name, value]) => `${name}=${value}`).join(",")}}`;
  if (!isHistogram) return `${shown} ${double(all(point, 4)[0])}`;
  const packed = all(point, 6)[0]!;
  const counts = Array.from({ length: packed.length / 8 }, (_, i) => fixed(packed, i * 8));
  return `${shown} ${counts.join(" ")} of ${fixed(all(point, 4)[0]!)} sum ${double(all(point, 5)[0])}`;
}

function measuredOf(body: Uint8Array): string[] {
  const metrics = all(fieldsOf(body), 1).flatMap((group) => all(fieldsOf(group), 2))
    .flatMap((scope) => all(fieldsOf(scope), 2));
  return metrics.flatMap((bytes) => {
    const metric = fieldsOf(bytes);
    const [field, data] = metric.find(([found]) => MEASURED.has(found))!;
    const type = MEASURED.get(field)!;
    const points = all(fieldsOf(data as Uint8Array), 1);
    return points.map((point) => `${type} ${text(all(metric, 1)[0])}${pointOf(type, point)}`);
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
  const measured: string[] = [];
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      requests.push(`${request.method} ${request.url} ${request.headers["content-type"]}`);
      const sent = Buffer.concat(parts);
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
      if (request.url!.endsWith("/metrics")) measured.push(...measuredOf(body));
      else spans.push(...spansOf(body));
      response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    spans,
    measured,
    requests,
    one: (name) => oneOf(spans, name),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const SERVICES = ["trace.v1.TraceService", "metrics.v1.MetricsService"]
  .map((name) => `/opentelemetry.proto.collector.${name}/Export`);

/** Collects over gRPC. */
export async function collectByGrpc(): Promise<Collector> {
  const grpc = createRequire(import.meta.url)("@grpc/grpc-js");
  const spans: CollectedSpan[] = [];
  const measured: string[] = [];
  const requests: string[] = [];
  const server = new grpc.Server();
  const plain = (bytes: Uint8Array): Uint8Array => bytes;
  for (const [i, path] of SERVICES.entries()) {
    const method = {
      path,
      requestStream: false,
      responseStream: false,
      requestDeserialize: plain,
      requestSerialize: plain,
      responseDeserialize: plain,
      responseSerialize: plain,
    };
    const take = (call: { request: Uint8Array }, done: (error: null, answer: Uint8Array) => void): void => {
      requests.push(path);
      if (i === 0) spans.push(...spansOf(call.request));
      else measured.push(...measuredOf(call.request));
      done(null, Buffer.alloc(0));
    };
    server.addService({ Export: method }, { Export: take });
  }
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
    measured,
    requests,
    one: (name) => oneOf(spans, name),
    close: () => {
      server.forceShutdown();
      return Promise.resolve();
    },
  };
}
