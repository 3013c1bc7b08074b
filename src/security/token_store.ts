/**
 * Authentication tokens kept in a key-value store.
 *
 * A token is random bytes as URL-safe base64; with a key, a dot and the HMAC-SHA256 of that text (base64 too) follow.
 *
 * T1. The store never holds a token, only its digest: who reads the store can't act for anybody.
 * T2. A signature is checked before the store is asked. T3. Expiry is checked here as well as by the store.
 */
import { Failure, isValueMap, type Value } from "../core/mod.ts";
import type {
  Clock,
  Cryptography,
  Random,
  SecurityDirectory,
  Store,
  TokenIdentity,
  TokenStore,
} from "../ports/mod.ts";

/** What a token store is made of. */
export interface TokenStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly cryptography: Cryptography;
  readonly security: SecurityDirectory;
  /** The backing store; throws when there is none at the moment. */
  readonly store: () => Store;
  readonly tokenBytes: number;
  readonly lifetimeMs: number;
  /** Signing key, `""` for none. */
  readonly key: string;
}

const UTF8 = new TextEncoder();

/** Tokens in a key-value store. */
export class StoredTokens implements TokenStore {
  readonly #options: TokenStoreOptions;
  readonly #key: Uint8Array;

  constructor(options: TokenStoreOptions) {
    this.#options = options;
    this.#key = UTF8.encode(options.key);
  }

  async create({ actor, scope, meta }: TokenIdentity, lifetimeMs?: number): Promise<string> {
    const { clock, random, tokenBytes } = this.#options;
    const lifetime = lifetimeMs ?? this.#options.lifetimeMs;
    const token = printBase64(random.bytes(tokenBytes));
    const nowMs = clock.nowMs();
    const record: Value = {
      actor: { id: actor.id, meta: actor.meta },
      policies: [...scope.policies],
      meta,
      created_at_ms: nowMs,
      expires_at_ms: nowMs + lifetime,
    };
    const ttlSeconds = Math.max(1, Math.ceil(lifetime / 1000));
    await this.#options.store().put(this.#storeKey(token), record, { ttlSeconds });
    return this.#key.length === 0 ? token : `${token}.${this.#signature(token)}`;
  }

  async validate(token: string): Promise<TokenIdentity> {
    const entry = await this.#options.store().entry(this.#storeKey(this.#verified(token)));
    const record = entry?.value;
    if (!isValueMap(record) || !isValueMap(record["actor"]) || !Array.isArray(record["policies"])) {
      throw unknownToken();
    }
    if (Number(record["expires_at_ms"]) <= this.#options.clock.nowMs()) throw unknownToken();
    const { id, meta } = record["actor"];
    return {
      actor: { id: String(id), meta: isValueMap(meta) ? meta : {} },
      scope: this.#options.security.scopeOf(record["policies"].map(String)),
      meta: isValueMap(record["meta"]) ? record["meta"] : {},
    };
  }

  async revoke(token: string): Promise<boolean> {
    return await this.#options.store().delete(this.#storeKey(this.#verified(token)));
  }

  /** The random part of a token whose signature fits. */
  #verified(token: string): string {
    if (this.#key.length === 0) return token;
    const dot = token.indexOf(".");
    const text = token.slice(0, Math.max(dot, 0));
    const given = UTF8.encode(token.slice(dot + 1));
    if (dot <= 0 || !this.#options.cryptography.equal(given, UTF8.encode(this.#signature(text)))) {
      throw new Failure("Internal", "token validation failed: invalid token signature", { retryable: false });
    }
    return text;
  }

  #signature(text: string): string {
    return printBase64(this.#options.cryptography.hmac("sha256", this.#key, UTF8.encode(text)));
  }

  #storeKey(text: string): string {
    return `token:${printBase64(this.#options.cryptography.digest("sha256", UTF8.encode(text)))}`;
  }
}

function unknownToken(): Failure {
  return new Failure("Internal", "token validation failed: token not found or expired", { retryable: false });
}

/** URL-safe base64 with padding. */
function printBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_");
}
