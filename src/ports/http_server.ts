/** HTTP listening, as everything but `src/platform` sees it. */

/** An accepted WebSocket. */
export interface WebSocketPeer {
  /** Queues one frame: text for a string, binary for bytes. Nothing happens once it is closed. */
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  /** Bytes that wait to be written. */
  readonly bufferedBytes: number;
}

/** What is done with what arrives on a WebSocket. `close` is called once, whoever closed it. */
export interface WebSocketHandlers {
  open?(socket: WebSocketPeer): void;
  message(socket: WebSocketPeer, data: string | Uint8Array): void;
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
}

/** Where and how to listen. */
export interface ListenOptions {
  hostname: string;
  port: number;
  tls?: { cert: string; key: string; ca?: string; requestCert?: boolean; rejectUnauthorized?: boolean };
  idleTimeoutMs?: number;
  bodyBytesMax?: number;
}

/** A listening server. */
export interface HttpListener {
  readonly port: number;
  /** Stops accepting, waits for requests in progress until `signal` aborts, then closes. */
  close(signal: AbortSignal): Promise<void>;
}

/** Starts servers. Port in use: Unavailable `address already in use: <addr>`. */
export interface HttpListen {
  listen(
    options: ListenOptions,
    handle: (request: Request, connection: ConnectionInfo) => Response | Promise<Response>,
  ): HttpListener;
}
