/** Streams and datagrams between the nodes of a cluster, as everything but `src/platform` sees them. */

/** Where a node listens. `host` is a name or an address. */
export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** One end of a stream. */
export interface NodeStream {
  /** Queues bytes; nothing happens once it is closed. */
  write(data: Uint8Array): void;
  /** Bytes that wait for the other side. */
  readonly queuedBytes: number;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

/** What is done with what arrives. `closed` is called once, whoever closed. */
export interface NodeStreamHandlers {
  data(data: Uint8Array): void;
  closed(): void;
}

/** A listening socket. */
export interface NodeListener {
  readonly port: number;
  /** Closes it and every stream that came over it. */
  close(): Promise<void>;
}

/** An open datagram socket. */
export interface Datagrams {
  readonly port: number;
  /** Sends one, or loses it. */
  send(address: NodeAddress, data: Uint8Array): void;
  close(): Promise<void>;
}

/** The network between nodes. */
export interface NodeNetwork {
  /** Listens; Unavailable when the address is taken or not of this machine. Port 0 takes a free one. */
  listen(address: NodeAddress, accept: (stream: NodeStream) => NodeStreamHandlers): Promise<NodeListener>;
  /** Connects; Unavailable when nobody answers within `timeoutMs`. */
  connect(address: NodeAddress, handlers: NodeStreamHandlers, timeoutMs: number): Promise<NodeStream>;
  /** Opens a datagram socket; Unavailable like `listen`. */
  openDatagrams(address: NodeAddress, receive: (data: Uint8Array) => void): Promise<Datagrams>;
  /** An address of this machine that other machines may reach; a loopback address when it has no other. */
  machineAddress(): string;
}
