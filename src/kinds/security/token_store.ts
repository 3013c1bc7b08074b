/** `security.token_store`: issues and checks authentication tokens. */
import { Failure, schema } from "../../core/mod.ts";
import { type Environment, StoreResource, TokenStoreResource } from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";
import { StoredTokens } from "../../security/mod.ts";

const DAY_MS = 86_400_000;
/** A token longer than this would not fit common header limits. */
const TOKEN_BYTES_MAX = 1024;

/** The signing key. One that is asked for but not there is refused: tokens must not become unsigned unnoticed. */
async function keyOf(
  { token_key, token_key_env }: { token_key: string; token_key_env: string },
  environment: Environment,
): Promise<string> {
  if (token_key !== "" || token_key_env === "") return token_key;
  const isKnown = environment.variable(token_key_env) !== undefined;
  const key = isKnown ? await environment.get(token_key_env) ?? "" : "";
  if (key !== "") return key;
  const what = isKnown ? "has no value" : "is not registered";
  throw new Failure("Invalid", `token_key_env: environment variable ${token_key_env} ${what}`, {
    retryable: false,
  });
}

export default defineKind({
  name: "security.token_store",
  doc: "Authentication tokens kept in a key-value store.",
  config: schema.object({
    store: schema.reference({ doc: "Key-value store that holds what tokens stand for." }),
    token_length: schema.integer({
      default: 32,
      min: 1,
      max: TOKEN_BYTES_MAX,
      doc: "Random bytes of a token.",
    }),
    default_expiration: schema.duration({ default: DAY_MS, doc: "Lifetime of a token that names none." }),
    token_key: schema.string({ default: "", doc: "Key that tokens are signed with." }),
    token_key_env: schema.string({
      default: "",
      doc: "Environment variable that holds the key (deprecated).",
    }),
  }),
  provides: TokenStoreResource,
  async open({ id, config, ports, resources, security, environment }) {
    if (config.default_expiration <= 0) throw new Failure("Invalid", "default_expiration: must be positive");
    const key = await keyOf(config, environment);
    const resource = new StoredTokens({
      clock: ports.clock,
      random: ports.random.stream(`security.token_store ${id}`),
      cryptography: ports.cryptography,
      security,
      store() {
        const store = resources.find(StoreResource, config.store);
        if (store === undefined) {
          throw new Failure("Internal", `token store ${id}: store ${config.store} is not available`);
        }
        return store;
      },
      tokenBytes: config.token_length,
      lifetimeMs: config.default_expiration,
      key,
    });
    return { resource };
  },
});
