/** WebSockets to servers outside, as everything but `src/platform` sees them. */
import type { HeaderLines } from "./http_client.ts";
import type { NetworkProxy } from "./network.ts";

/** What is kept between the compressed messages of a connection. */
export type WebSocketCompression = "none" | "context" | "message";

/** A connection to be made. */
export interface WebSocketDialOptions {
  /** `ws:` or `wss:`. */
  readonly url: URL;
  readonly headers: HeaderLines;
  readonly protocols: readonly string[];
  readonly compression: WebSocketCompression;
  /** Messages shorter than this go out as they are; bytes. */
  readonly compressionThresholdBytes: number;
  /** A longer message ends the connection; bytes. */
  readonly messageBytesMax: number;
  readonly proxy?: NetworkProxy;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  message(data: Uint8Array, isText: boolean): void;
  /** Anything came from the other side, pings and pongs included. */
  heard?(): void;
  /** Called once, whoever closed it; not when the connection was never made. */
  closed(code: number, reason: string): void;
}

/** A connection that was made. */
export interface WebSocketClientPeer {
  /** Resolves when the system has taken the message. */
  send(data: Uint8Array, isText: boolean): Promise<void>;
  ping(): Promise<void>;
  /** Begins the closing handshake. Throws a TypeError for a code that may not be sent. */
  close(code: number, reason: string): void;
  /** Ends it at once. */
  terminate(): void;
  /** Stops reading, so that the other side has to wait. */
  pause(): void;
  resume(): void;
}

/** Makes connections. Failures of the network are Unavailable. */
export interface WebSocketDial {
  dial(options: WebSocketDialOptions): Promise<WebSocketClientPeer>;
}
