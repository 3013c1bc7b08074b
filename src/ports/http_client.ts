/** HTTP requests to servers outside, as everything but `src/platform` sees them. */
import type { ByteStream } from "./byte_stream.ts";
import type { NetworkProxy } from "./network.ts";

/** Header lines in order; names as written. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** How a TLS connection is made; PEM texts. */
export interface ClientTls {
  readonly cert?: string;
  readonly key?: string;
  /** Instead of the roots that the machine trusts. */
  readonly ca?: string;
  /** Name asked for and checked, when it is not the URL's. */
  readonly serverName?: string;
  readonly skipVerify?: boolean;
}

/** One request; redirects are the caller's to follow. */
export interface HttpClientRequest {
  readonly method: string;
  /** `http:` or `https:`. */
  readonly url: URL;
  readonly headers: HeaderLines;
  /** Bytes, or a stream whose length goes out when it is known. */
  readonly body?: Uint8Array | ByteStream;
  /** Path of the socket to connect to, whatever host the URL names. */
  readonly unixSocket?: string;
  readonly tls?: ClientTls;
  /** Connects through this proxy, which also looks the host up. */
  readonly proxy?: NetworkProxy;
  /** Asked about each address of the host before anything is connected directly; throws to refuse. */
  readonly admit?: (address: string) => void;
  /** The body is read bit by bit, for as long as it may take: what bounds the time of a request bounds each wait of it. */
  readonly isStreamed?: boolean;
  /** Ends the request and, until it has been read, the body. */
  readonly signal: AbortSignal;
}

/** The head of an answer and its body, which has to be read to its end or closed. */
export interface HttpClientResponse {
  readonly status: number;
  readonly headers: HeaderLines;
  readonly body: ByteStream;
}

/** Sends requests. Failures of the network are Unavailable. */
export interface HttpClient {
  send(request: HttpClientRequest): Promise<HttpClientResponse>;
}
