/** `real_ip`: the client's own address from the headers of proxies that are trusted. */
import { Failure } from "../../../core/mod.ts";
import { addressBits, addressOnly, joinAddress, parseNetwork, portOnly } from "../remote_address.ts";
import type { Exchange } from "../exchange.ts";
import { defineMiddleware } from "./definition.ts";

const PRIVATE_NETWORKS = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.0/8,::1/128,fc00::/7,fe80::/10";

/** What the headers say, the most telling one first. */
function forwardedAddress(exchange: Exchange): string | undefined {
  for (const name of ["true-client-ip", "x-real-ip"]) {
    const value = exchange.header(name)?.trim();
    if (value !== undefined && addressBits(value) !== undefined) return value;
  }
  const first = (exchange.header("x-forwarded-for") ?? "").split(",")[0]!.trim();
  return addressBits(first) === undefined ? undefined : first;
}

/** The client's own address behind proxies. */
export const realIp = defineMiddleware({
  name: "real_ip",
  prefix: "real_ip",
  create({ options }) {
    const trustAll = options.flag("trust_all", false);
    const trusted = options.list("trusted.subnets", PRIVATE_NETWORKS).map((cidr) => {
      const network = parseNetwork(cidr);
      if (network === undefined) {
        throw new Failure(
          "Invalid",
          `option real_ip.trusted.subnets: "${cidr}" is not a network such as 10.0.0.0/8`,
        );
      }
      return network;
    });
    return (next) => (exchange) => {
      const peer = exchange.remoteAddress;
      const ip = addressOnly(peer);
      if (trustAll || trusted.some((contains) => contains(ip))) {
        const client = forwardedAddress(exchange);
        if (client !== undefined) exchange.remoteAddress = joinAddress(client, portOnly(peer));
      }
      return next(exchange);
    };
  },
});
