/**
 * `ratelimit`: a token bucket per client.
 *
 * RL1. The table of clients never holds more than `max_entries`: the one that was quiet longest goes first.
 */
import { textAnswer } from "../answer.ts";
import type { Exchange } from "../exchange.ts";
import { addressOnly } from "../remote_address.ts";
import { defineMiddleware } from "./definition.ts";

const REQUESTS = 100;
const BURST = 20;
const ENTRIES_MAX = 100_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Who a request counts for; undefined when it does not say. */
type KeyOf = (exchange: Exchange) => string | undefined;

function keyOf(strategy: string): KeyOf | undefined {
  if (strategy === "ip") return (exchange) => addressOnly(exchange.remoteAddress) || undefined;
  const colon = strategy.indexOf(":");
  const source = strategy.slice(0, Math.max(0, colon));
  const name = strategy.slice(colon + 1).trim();
  if (source === "header" && name !== "") return (exchange) => exchange.header(name) || undefined;
  if (source === "query" && name !== "") return (exchange) => exchange.query(name) || undefined;
  return undefined;
}

/** A token bucket per client. */
export const rateLimit = defineMiddleware({
  name: "ratelimit",
  prefix: "ratelimit",
  create({ options, services }) {
    const { clock } = services.ports;
    const requests = options.integer("requests", REQUESTS, 1);
    const windowMs = options.duration("window", "1m");
    const burst = options.integer("burst", BURST, 1);
    const cleanupMs = options.duration("cleanup_interval", "5m");
    const lifetimeMs = options.duration("entry_ttl", "10m");
    const entriesMax = options.integer("max_entries", ENTRIES_MAX, 1);
    const strategy = options.text("key", "ip");
    const key = keyOf(strategy);
    if (key === undefined) {
      throw options.invalid("key", `must be ip, header:<Name> or query:<name>, got "${strategy}"`);
    }
    const perMs = requests / windowMs;
    // In order of last use, the longest quiet first.
    const buckets = new Map<string, Bucket>();
    let cleanedMs = clock.monotonicMs();

    const forgetQuiet = (nowMs: number): void => {
      cleanedMs = nowMs;
      for (const [client, bucket] of buckets) {
        if (nowMs - bucket.atMs < lifetimeMs) break;
        buckets.delete(client);
      }
    };

    const take = (client: string): boolean => {
      const nowMs = clock.monotonicMs();
      if (nowMs - cleanedMs >= cleanupMs) forgetQuiet(nowMs);
      const known = buckets.get(client);
      const bucket = known ?? { tokens: burst, atMs: nowMs };
      if (known !== undefined) buckets.delete(client);
      else if (buckets.size >= entriesMax) buckets.delete(buckets.keys().next().value!);
      buckets.set(client, bucket);
      bucket.tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.atMs) * perMs);
      bucket.atMs = nowMs;
      if (bucket.tokens < 1) return false;
      bucket.tokens -= 1;
      return true;
    };

    return (next) => (exchange) => {
      const client = key(exchange);
      if (client === undefined) return textAnswer(400, `rate limit key is missing: ${strategy}`);
      if (take(client)) return next(exchange);
      const answer = textAnswer(429, "Rate limit exceeded");
      answer.headers["x-ratelimit-limit"] = String(requests);
      answer.headers["x-ratelimit-window"] = options.text("window", "1m");
      return answer;
    };
  },
});
