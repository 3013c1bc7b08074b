/** Overlay networks: ways out other than the machine's own. */
import { defineResource, type ResourceType } from "./resource.ts";

/** A SOCKS5 proxy and what to tell it. */
export interface SocksProxy {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
}

/** An overlay. */
export interface Network {
  /** The proxy for one new connection; its credentials may differ each time. */
  proxy(): SocksProxy;
}

/** Provided by the `network.*` kinds. */
export const NetworkResource: ResourceType<Network> = defineResource<Network>("network");
