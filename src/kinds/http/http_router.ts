/**
 * A router: a prefix, its endpoints and the middleware around them.
 *
 * HR1. `middleware` sees every request of the prefix, `post_middleware` those for which an endpoint was found.
 * HR2. What a router is made of is replaced as a whole; requests in progress keep what they began with.
 */
import type { Entry } from "../../registry/mod.ts";
import { type Answer, emptyAnswer, type Handler, textAnswer } from "./answer.ts";
import type { Endpoint } from "./endpoint_route.ts";
import type { Exchange } from "./exchange.ts";
import type { HttpServer } from "./http_server.ts";
import { joinPatterns, type RoutePattern } from "./route_pattern.ts";

/** What an endpoint entry says. */
export interface EndpointPlan {
  readonly entry: Entry;
  readonly method: string;
  readonly path: RoutePattern;
  readonly target: string;
}

/** What a router entry says. */
export interface RouterPlan {
  readonly entry: Entry;
  readonly prefix: RoutePattern;
  /** Middleware before and after matching, around a handler. */
  readonly before: (handler: Handler) => Handler;
  readonly after: (handler: Handler) => Handler;
}

/** A live router. */
export class HttpRouter {
  readonly id: string;
  server: HttpServer;
  readonly #endpoints = new Map<string, { plan: EndpointPlan; endpoint: Endpoint }>();
  #plan: RouterPlan;
  #handle: Handler;
  #answer: Handler;

  constructor(server: HttpServer, plan: RouterPlan) {
    this.id = plan.entry.id;
    this.server = server;
    this.#plan = plan;
    [this.#handle, this.#answer] = this.#compose(plan);
  }

  get entry(): Entry {
    return this.#plan.entry;
  }

  get prefix(): RoutePattern {
    return this.#plan.prefix;
  }

  get plan(): RouterPlan {
    return this.#plan;
  }

  /** Endpoints, ready to be routed to. */
  *endpoints(): Iterable<Endpoint> {
    for (const { endpoint } of this.#endpoints.values()) yield endpoint;
  }

  /** What endpoints of this router would be under another plan. */
  *endpointsUnder(plan: RouterPlan): Iterable<Endpoint> {
    for (const { plan: endpoint } of this.#endpoints.values()) yield this.endpointOf(endpoint, plan.prefix);
  }

  /** The endpoint that a plan stands for. */
  endpointOf(plan: EndpointPlan, prefix = this.prefix): Endpoint {
    return {
      id: plan.entry.id,
      entry: plan.entry,
      method: plan.method,
      pattern: joinPatterns(prefix, plan.path),
      target: plan.target,
      router: this,
    };
  }

  /** Adds or replaces an endpoint. */
  set(plan: EndpointPlan): void {
    this.#endpoints.set(plan.entry.id, { plan, endpoint: this.endpointOf(plan) });
    this.server.routesChanged();
  }

  /** Forgets an endpoint. */
  delete(id: string): void {
    this.#endpoints.delete(id);
    this.server.routesChanged();
  }

  /** Replaces prefix, middleware and server. */
  replace(server: HttpServer, plan: RouterPlan): void {
    this.#plan = plan;
    [this.#handle, this.#answer] = this.#compose(plan);
    for (const [id, { plan: endpoint }] of this.#endpoints) {
      this.#endpoints.set(id, { plan: endpoint, endpoint: this.endpointOf(endpoint) });
    }
    if (this.server !== server) {
      this.server.removeRouter(this);
      this.server = server;
      server.addRouter(this);
    } else server.routesChanged();
  }

  /** Answers a request of the prefix; its endpoint was looked for before. */
  handle(exchange: Exchange): Answer | Promise<Answer> {
    return this.#handle(exchange);
  }

  #compose(plan: RouterPlan): [Handler, Handler] {
    const { runtime } = this.server;
    const answer = plan.after((exchange) => this.server.invoke(exchange, runtime));
    return [plan.before((exchange) => this.#matched(exchange)), answer];
  }

  #matched(exchange: Exchange): Answer | Promise<Answer> {
    if (exchange.endpoint !== undefined) return this.#answer(exchange);
    if (exchange.allowed === undefined) return textAnswer(404, "not found");
    const allow = { allow: exchange.allowed.join(", ") };
    if (exchange.method === "OPTIONS") return emptyAnswer(204, allow);
    const answer = textAnswer(405, "method not allowed");
    answer.headers["allow"] = allow.allow;
    return answer;
  }
}
