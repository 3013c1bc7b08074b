/** HTTP listening, as everything but `src/platform` sees it. */

/** Facts of a connection that the standard Request lacks. */
export interface ConnectionInfo {
  /** `ip:port` of the peer. */
  remoteAddress: string;
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
  listen(options: ListenOptions, handle: (request: Request, connection: ConnectionInfo) => Response | Promise<Response>): HttpListener;
}
