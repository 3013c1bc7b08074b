/** `cors`: which pages of other origins may use the router. Preflight requests end here. */
import { addVary, type Answer, emptyAnswer, whenAnswered } from "../answer.ts";
import { defineMiddleware } from "./definition.ts";
import { compileOrigins } from "./origin.ts";

const ORIGINS = "*";
const METHODS = "GET,POST,PUT,DELETE,OPTIONS,PATCH";
const HEADERS = "Origin,Content-Type,Accept,Authorization,X-Requested-With";
const MAX_AGE_SECONDS = 86_400;

/** Cross-origin requests. */
export const cors = defineMiddleware({
  name: "cors",
  prefix: "cors",
  create({ options }) {
    const origins = options.list("allow.origins", ORIGINS, "allowed_origins");
    const methods = options.list("allow.methods", METHODS, "allowed_methods").join(", ");
    const headers = options.list("allow.headers", HEADERS, "allowed_headers").join(", ");
    const exposed = options.list("expose.headers", "", "exposed_headers").join(", ");
    const credentials = options.flag("allow.credentials", false);
    const maxAge = options.integer("max.age", MAX_AGE_SECONDS, 0);
    const privateNetwork = options.flag("allow.private.network", false);
    const anyOrigin = origins.includes("*") && !credentials;
    const matches = compileOrigins(origins);

    const allow = (answer: Answer, origin: string | undefined): boolean => {
      if (!anyOrigin) addVary(answer, "Origin");
      if (origin === undefined || !matches(origin)) return false;
      answer.headers["access-control-allow-origin"] = anyOrigin ? "*" : origin;
      if (credentials) answer.headers["access-control-allow-credentials"] = "true";
      return true;
    };

    return (next) => (exchange) => {
      const origin = exchange.header("origin");
      const isPreflight = exchange.method === "OPTIONS" && origin !== undefined &&
        exchange.header("access-control-request-method") !== undefined;
      if (isPreflight) {
        const answer = emptyAnswer(204);
        addVary(answer, "Access-Control-Request-Method");
        addVary(answer, "Access-Control-Request-Headers");
        if (!allow(answer, origin)) return answer;
        answer.headers["access-control-allow-methods"] = methods;
        const wanted = exchange.header("access-control-request-headers");
        answer.headers["access-control-allow-headers"] = headers === "*" ? wanted ?? "*" : headers;
        answer.headers["access-control-max-age"] = String(maxAge);
        if (privateNetwork && exchange.header("access-control-request-private-network") === "true") {
          answer.headers["access-control-allow-private-network"] = "true";
        }
        return answer;
      }
      return whenAnswered(next(exchange), (answer) => {
        if (answer.handedOver !== undefined) return answer;
        if (allow(answer, origin) && exposed !== "") {
          answer.headers["access-control-expose-headers"] = exposed;
        }
        return answer;
      });
    };
  },
});
