/** Requests to the servers of a simulation. Names mean what their servers' ports mean: every host is this machine. */
import { Failure } from "../../core/mod.ts";
import type { ByteStream, HttpClient, HttpClientRequest, HttpClientResponse } from "../../ports/mod.ts";
import type { SimulatedNetwork } from "./simulated_network.ts";

const LOOPBACK = "127.0.0.1";
const PART_BYTES = 64 * 1024;

/** The client of one simulated network; it knows neither TLS nor sockets in files. */
export class SimulatedHttpClient implements HttpClient {
  readonly #network: SimulatedNetwork;

  constructor(network: SimulatedNetwork) {
    this.#network = network;
  }

  async send(request: HttpClientRequest): Promise<HttpClientResponse> {
    const { url, method, signal } = request;
    signal.throwIfAborted();
    if (request.unixSocket !== undefined) {
      throw new Failure("Unavailable", `no such socket: ${request.unixSocket}`, { retryable: true });
    }
    request.admit?.(/^\d+(\.\d+){3}$/.test(url.hostname) ? url.hostname : LOOPBACK);
    const body = request.body === undefined ? undefined : await wholeOf(request.body);
    const headers = request.headers.map(([name, value]): [string, string] => [name, value]);
    const answer = this.#network.fetch(new Request(url, { method, headers, body }));
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    try {
      const response = await Promise.race([answer, stopped]);
      const bytes = method === "HEAD" ? new Uint8Array() : await response.bytes();
      return { status: response.status, headers: [...response.headers], body: new BytesStream(bytes) };
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }
}

async function wholeOf(body: Uint8Array | ByteStream): Promise<Uint8Array<ArrayBuffer>> {
  if (body instanceof Uint8Array) return new Uint8Array(body);
  const parts: Uint8Array[] = [];
  for (;;) {
    const part = await body.read?.(PART_BYTES);
    if (part === null || part === undefined) return new Uint8Array(Buffer.concat(parts));
    parts.push(part);
  }
}

/** A body that has arrived. */
class BytesStream implements ByteStream {
  readonly #bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(size: number): Uint8Array | null {
    if (this.position >= this.#bytes.length) return null;
    const part = this.#bytes.subarray(this.position, this.position + size);
    this.position += part.length;
    return part;
  }

  close(): void {
    this.position = this.#bytes.length;
  }
}
