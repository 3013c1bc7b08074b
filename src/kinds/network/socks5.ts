/** `network.socks5`: connections through a SOCKS5 proxy, Tor's included. */
import { schema } from "../../core/mod.ts";
import { type Network, NetworkResource, type Random } from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";

/** Characters of random credentials: enough that no two connections share a circuit. */
const CREDENTIAL_BYTES = 16;

interface Socks5Config {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly isolate_streams: boolean;
}

function randomText(random: Random): string {
  return random.bytes(CREDENTIAL_BYTES).toHex();
}

function networkOf(config: Socks5Config, random: Random): Network {
  const { host, isolate_streams: isIsolated, password, port, username } = config;
  return {
    proxy: () => {
      if (isIsolated) return { host, port, username: randomText(random), password: randomText(random) };
      return username === "" ? { host, port } : { host, port, username, password };
    },
  };
}

export default defineKind({
  name: "network.socks5",
  doc: "An overlay network behind a SOCKS5 proxy, for connections to the outside.",
  config: schema.object({
    host: schema.string({ nonEmpty: true, doc: "Host of the proxy." }),
    port: schema.integer({ min: 1, max: 65_535, doc: "Port of the proxy." }),
    username: schema.string({ default: "", doc: "User name, when the proxy wants one." }),
    password: schema.string({ default: "", doc: "Password, when the proxy wants one." }),
    isolate_streams: schema.boolean({
      default: false,
      doc: "Random credentials for each connection, by which Tor keeps them apart.",
    }),
  }),
  provides: NetworkResource,
  open: ({ id, config, ports }) => ({ resource: networkOf(config, ports.random.stream(`network ${id}`)) }),
});
