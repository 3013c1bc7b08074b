/** Overlay networks: ways out other than the machine's own. */
import type { Failure } from "../core/mod.ts";
import { defineResource, type ResourceType } from "./resource.ts";

/** A SOCKS5 proxy and what to tell it. */
export interface SocksProxy {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
}

/** The SAM bridge of an I2P router, and the session there that streams belong to. */
export interface SamBridge {
  readonly host: string;
  readonly port: number;
  readonly session: string;
}

/** What brings a connection to the other side of an overlay. */
export type NetworkProxy = SocksProxy | SamBridge;

/** A place in an overlay at which this program is reached. */
export interface OverlayListener {
  /** How it is called there. */
  readonly address: string;
  /** Resolves when it is gone by itself. */
  readonly lost: Promise<Failure>;
  close(): void;
}

/** How an overlay lets this program be reached. */
export interface OverlayListen {
  /** Where those who come in are brought to: the address of this machine to listen at; "" when it has to be one that others reach. */
  readonly hostname: string;
  /** Opens a place whose connections come to `port`. Fails with Unavailable. */
  open(port: number, signal: AbortSignal): Promise<OverlayListener>;
}

/** An overlay. */
export interface Network {
  /** The proxy for one new connection; its credentials may differ each time. Fails with Unavailable. */
  proxy(signal: AbortSignal): NetworkProxy | Promise<NetworkProxy>;
  /** Absent where it is for connections to the outside alone. */
  readonly listening?: OverlayListen;
}

/** Provided by the `network.*` kinds. */
export const NetworkResource: ResourceType<Network> = defineResource<Network>("network");
