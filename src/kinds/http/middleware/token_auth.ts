/**
 * `token_auth`: actor and scope of a valid token.
 *
 * TA1. It refuses nobody: a request without a valid token goes on under the identity it had.
 */
import { Failure, resolveEntryId } from "../../../core/mod.ts";
import { TokenStoreResource } from "../../../ports/mod.ts";
import type { Exchange } from "../exchange.ts";
import { defineMiddleware } from "./definition.ts";

/** Identity from tokens. */
export const tokenAuth = defineMiddleware({
  name: "token_auth",
  prefix: "token_auth",
  create({ options, services, ns, server }) {
    const storeId = resolveEntryId(options.required("store", "token_store"), ns);
    const header = options.text("header.name", "Authorization");
    const prefix = options.text("header.prefix", "Bearer ");
    const query = options.text("query.param", "x-auth-token");
    const cookie = options.text("cookie.name", "x-auth-token");

    const tokenOf = (exchange: Exchange): string => {
      const value = exchange.header(header);
      if (value !== undefined) {
        const begins = value.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase();
        const token = begins ? value.slice(prefix.length).trim() : "";
        if (token !== "") return token;
      }
      const fromQuery = exchange.search.includes(query) ? exchange.query(query) ?? "" : "";
      return fromQuery !== "" ? fromQuery : exchange.cookie(cookie) ?? "";
    };

    return (next) => (exchange) => {
      const token = tokenOf(exchange);
      if (token === "") return next(exchange);
      const store = services.resources.find(TokenStoreResource, storeId);
      if (store === undefined) {
        server.log.warn("token store is not available", { store: storeId });
        return next(exchange);
      }
      return store.validate(token).then((identity) => {
        exchange.actor = identity.actor;
        exchange.scope = identity.scope;
      }, (error: unknown) => {
        if (!(error instanceof Failure)) throw error;
        server.log.debug("token refused", { store: storeId, error: error.message });
      }).then(() => next(exchange));
    };
  },
});
