/** Stores of authentication tokens: provided by `security.token_store`, used by `security` and by HTTP middleware. */
import type { Value } from "../core/mod.ts";
import { defineResource } from "./resource.ts";
import type { Actor, Scope } from "./security.ts";

/** Whom a token stands for. */
export interface TokenIdentity {
  readonly actor: Actor;
  readonly scope: Scope;
  readonly meta: Record<string, Value>;
}

/** Issues tokens and says whom they stand for. */
export interface TokenStore {
  /** A new token; `lifetimeMs` undefined means the store's default. */
  create(identity: TokenIdentity, lifetimeMs?: number): Promise<string>;
  /** Fails with Internal when the token is malformed, unknown, expired or revoked. */
  validate(token: string): Promise<TokenIdentity>;
  /** Ends a token. False when it was unknown; Internal when it is malformed. */
  revoke(token: string): Promise<boolean>;
}

/** Resource type of token stores. */
export const TokenStoreResource = defineResource<TokenStore>("security.token_store");
