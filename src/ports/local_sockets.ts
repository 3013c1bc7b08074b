/** Connections between programs of one machine, as everything but `src/platform` sees them. */

/** One end of a local connection. */
export interface LocalConnection {
  /** Queues bytes; nothing happens once it is closed. */
  write(data: Uint8Array): void;
  /** Sends what is queued, then closes. */
  end(): void;
}

/** What is done with what arrives. `closed` is called once, whoever closed. */
export interface LocalHandlers {
  data(connection: LocalConnection, data: Uint8Array): void;
  closed(connection: LocalConnection): void;
}

/** A listening local socket. */
export interface LocalListener {
  /** Closes it and every connection, and removes its file. */
  close(): Promise<void>;
}

/**
 * Unix sockets (named pipes on Windows) that only the same user may open.
 */
export interface LocalSockets {
  /** Listens at `path` with mode 0600; fails with Unavailable when it can't. An existing file is in the way. */
  listen(path: string, accept: (connection: LocalConnection) => LocalHandlers): Promise<LocalListener>;
  /** Connects; Unavailable when nobody listens there. */
  connect(path: string, handlers: LocalHandlers): Promise<LocalConnection>;
}
