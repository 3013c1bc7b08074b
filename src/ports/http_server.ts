/** HTTP listening, as everything but `src/platform` sees it. */

/** An accepted WebSocket. */
export interface WebSocketPeer {
  /** Queues one frame: text for a string, binary for bytes. Nothing happens once it is closed. */
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  /** Bytes that wait to be written. */
  readonly bufferedBytes: number;
}

/**
 * What is done with what arrives on a WebSocket. `close` is called once, whoever closed it. `drain` is called when some of
 * what had to wait was written, whenever more than 64 KiB had to.
 */
export interface WebSocketHandlers {
  open?(socket: WebSocketPeer): void;
  message(socket: WebSocketPeer, data: string | Uint8Array): void;
  drain?(socket: WebSocketPeer): void;
  close(socket: WebSocketPeer, code: number, reason: string): void;
}

/** Facts of a connection that the standard Request lacks. */
export interface ConnectionInfo {
  /** `ip:port` of the peer. */
  readonly remoteAddress: string;
  /**
   * Turns the request into a WebSocket; the handler must return the response it gets from here, unchanged.
   * Undefined when the request asks for no WebSocket.
   */
  upgrade(handlers: WebSocketHandlers, options?: { protocol?: string }): Response | undefined;
  /**
   * Turns the idle limit of this connection off, when the body of an answer begins that may be silent for long, and on
   * again, right before it ends. The limit is off anyway while the handler's promise is pending.
   */
  setIdleLimit(enabled: boolean): void;
}

/**
 * What a TLS server wants of its clients' certificates: `request` and `require_any` accept any certificate; the other two
 * one of `clientCa` only.
 */
export type ClientAuthentication =
  | "none"
  | "request"
  | "require_any"
  | "verify_if_given"
  | "require_and_verify";

/** Certificate and key as PEM text, and what is wanted of clients. */
export interface TlsOptions {
  cert: string;
  key: string;
  clientCa?: string;
  clientAuthentication?: ClientAuthentication;
}

/** Where and how to listen. */
export interface ListenOptions {
  /** `""` means every interface, IPv6 and IPv4. */
  hostname: string;
  port: number;
  tls?: TlsOptions;
  idleTimeoutMs?: number;
  bodyBytesMax?: number;
}

/** A listening server. */
export interface HttpListener {
  readonly port: number;
  /** Stops accepting, waits for requests in progress until `signal` aborts, then closes. */
  close(signal: AbortSignal): Promise<void>;
}

/** Answers one request. */
export type HttpHandler = (request: Request, connection: ConnectionInfo) => Response | Promise<Response>;

/** Starts servers. Port in use: Unavailable `address already in use: <addr>`. */
export interface HttpListen {
  listen(options: ListenOptions, handle: HttpHandler): HttpListener | Promise<HttpListener>;
  /**
   * The bytes of a file from `start` to `end` as the body of a response, read by the platform while it is sent; undefined
   * when it can't. Such a response must have a `Content-Disposition`, or the platform makes one up.
   */
  fileBody?(path: string, start: number, end: number): Blob | undefined;
}
