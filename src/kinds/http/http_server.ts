/**
 * A server: its listener, its routers and static mounts, and the way of a request through them.
 *
 * HS1. A route wins over mounts and other routers, unless what is fixed of it ends in a tail before the prefix of one of them
 *      does. A path without a route goes to the mount or the router whose prefix is longer; on a tie to the mount.
 * HS2. Changes of routers, mounts and endpoints act on the next request; connections stay.
 * HS3. The routes are searched in a table built anew after a change, on the first request that needs it.
 */
import { Failure, valuesEqual } from "../../core/mod.ts";
import {
  type Clock,
  type ConnectionInfo,
  EMPTY_FRAME,
  type Frame,
  type HttpListen,
  type HttpListener,
  type Log,
  type OverlayListener,
  type Runtime,
  type Service,
  type ServiceRun,
} from "../../ports/mod.ts";
import type { Entry, KindServices } from "../../registry/mod.ts";
import { type Answer, responseOf, textAnswer } from "./answer.ts";
import { type Endpoint, invoke } from "./endpoint_route.ts";
import { Exchange } from "./exchange.ts";
import type { HttpRouter } from "./http_router.ts";
import { listenThrough } from "./overlay_listener.ts";
import { type ListenPlan, printAddress } from "./listen_plan.ts";
import { MessageRelay } from "./relay/message_relay.ts";
import { type Area, longest } from "./path_area.ts";
import { relate, type RoutePattern } from "./route_pattern.ts";
import { hasTail, type MethodUnknown, RouteTable, unescapedParts } from "./route_table.ts";
import type { StaticMount } from "./static_mount.ts";

/** Something that lives as long as a connection and must end before the server does. */
export interface Session {
  /** Ends it in good order. */
  shutDown(reason: string): void;
}

/** Where it listens; through an overlay that may be lost. */
type Listener = HttpListener & Partial<Pick<OverlayListener, "lost">>;

/** How long connections of a replaced listener may take to end. */
const REPLACED_LISTENER_MS = 30_000;
const OPTIONS = "OPTIONS";

/** A live server. */
export class HttpServer implements Service {
  readonly id: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: Runtime;
  /** Identity of requests that bring none. */
  frame: Frame = EMPTY_FRAME;
  readonly sessions = new Set<Session>();
  /** What waits for clients that do not keep up. */
  readonly relay: MessageRelay;
  readonly #http: HttpListen;
  readonly #services: KindServices;
  readonly #routers = new Map<string, HttpRouter>();
  readonly #mounts = new Map<string, StaticMount>();
  readonly #pending = new Set<Exchange>();
  #plan: ListenPlan;
  #identity: () => Frame = () => EMPTY_FRAME;
  #table: RouteTable<Endpoint> | undefined;
  #listener: Listener | undefined;
  #lost: (failure: Failure) => void = () => {};

  constructor(id: string, services: KindServices, plan: ListenPlan) {
    this.id = id;
    this.clock = services.ports.clock;
    this.log = services.log.named("http", { server: id });
    this.runtime = services.runtime;
    this.#http = services.ports.http;
    this.#services = services;
    this.#plan = plan;
    this.relay = new MessageRelay(plan.relay);
  }

  get plan(): ListenPlan {
    return this.#plan;
  }

  /** Port it listens on; undefined while it does not. */
  get port(): number | undefined {
    return this.#listener?.port;
  }

  /** Runs the function of the endpoint that was found. */
  readonly invoke = invoke;

  /** A part of a file as a body that the platform reads; undefined when it can't. */
  fileBody(path: string, start: number, end: number): Blob | undefined {
    return this.#http.fileBody?.(path, start, end);
  }

  /** When reading a request that begins now must be over, on the monotonic clock. */
  readDeadlineMs(): number {
    const { readMs } = this.#plan;
    return readMs > 0 ? this.clock.monotonicMs() + readMs : Infinity;
  }

  /** Says under which identity requests run that bring none; asked at each start. */
  identify(frame: () => Frame): void {
    this.#identity = frame;
    this.frame = frame();
  }

  // --- What it is made of -----------------------------------------------------------------------------------------------

  /** The routes have changed. */
  routesChanged(): void {
    this.#table = undefined;
  }

  /** Adds a router. */
  addRouter(router: HttpRouter): void {
    this.#routers.set(router.id, router);
    this.routesChanged();
  }

  /** Removes a router. */
  removeRouter(router: HttpRouter): void {
    this.#routers.delete(router.id);
    this.routesChanged();
  }

  /** Adds or replaces a static mount. */
  addMount(mount: StaticMount): void {
    this.#mounts.set(mount.id, mount);
  }

  /** Removes a static mount. */
  removeMount(id: string): void {
    this.#mounts.delete(id);
  }

  /** Fails with Invalid when another router of the version being built has that prefix. */
  checkPrefix(id: string, prefix: RoutePattern, entries: KindServices["entries"]): void {
    for (const router of this.#routers.values()) {
      if (router.id === id || router.prefix.text !== prefix.text || isStale(router.entry, entries)) continue;
      throw new Failure("Invalid", `prefix ${prefix.text} of ${id} is already used by router ${router.id}`, {
        retryable: false,
      });
    }
  }

  /** Fails with Invalid when another mount of the version being built has that path. */
  checkMount(id: string, path: RoutePattern, entries: KindServices["entries"]): void {
    for (const mount of this.#mounts.values()) {
      if (mount.id === id || mount.path.text !== path.text || isStale(mount.entry, entries)) continue;
      throw new Failure("Invalid", `path ${path.text} of ${id} is already used by ${mount.id}`, {
        retryable: false,
      });
    }
  }

  /** Fails with Conflict when an endpoint overlaps with another one of the version being built. */
  checkEndpoint(endpoint: Endpoint, entries: KindServices["entries"]): void {
    for (const router of this.#routers.values()) {
      if (isStale(router.entry, entries)) continue;
      for (const other of router.endpoints()) {
        if (other.id === endpoint.id || other.method !== endpoint.method) continue;
        if (relate(other.pattern, endpoint.pattern) !== "conflict" || isStale(other.entry, entries)) continue;
        throw new Failure("Conflict", `${printRoute(endpoint)} conflicts with ${printRoute(other)}`, {
          retryable: false,
        });
      }
    }
  }

  // --- Requests ---------------------------------------------------------------------------------------------------------

  /** Answers a request. */
  readonly handle = (request: Request, connection: ConnectionInfo): Response | Promise<Response> => {
    const exchange = new Exchange(this, request, connection);
    let answer: Answer | Promise<Answer>;
    try {
      answer = this.#dispatch(exchange);
    } catch (error) {
      answer = this.#crashed(exchange, error);
    }
    const isHead = exchange.method === "HEAD";
    return answer instanceof Promise
      ? this.#answerLater(exchange, answer, isHead)
      : responseOf(answer, isHead);
  };

  #dispatch(exchange: Exchange): Answer | Promise<Answer> {
    const table = this.#table ??= this.#buildTable();
    let found = table.find(exchange.method, exchange.rawPath);
    if (found !== undefined && hasTail(found)) {
      const { router, mount } = this.#areas(exchange);
      found = table.find(exchange.method, exchange.rawPath, Math.max(router.length, mount.length));
    }
    if (found?.kind !== "route") return this.#unrouted(exchange, found);
    exchange.endpoint = found.route;
    exchange.values = found.values;
    return found.route.router.handle(exchange);
  }

  #buildTable(): RouteTable<Endpoint> {
    const endpoints: Endpoint[] = [];
    for (const router of this.#routers.values()) endpoints.push(...router.endpoints());
    return new RouteTable(endpoints);
  }

  #unrouted(exchange: Exchange, found: MethodUnknown<Endpoint> | undefined): Answer | Promise<Answer> {
    if (found !== undefined) {
      const methods = new Set(found.routes.map((route) => route.method));
      if (methods.has("GET")) methods.add("HEAD");
      exchange.allowed = [...methods.add(OPTIONS)].sort();
      const wanted = exchange.method === OPTIONS
        ? exchange.header("access-control-request-method")
        : undefined;
      const route = found.routes.find((candidate) => candidate.method === wanted) ?? found.routes[0]!;
      return route.router.handle(exchange);
    }
    const { parts, router, mount } = this.#areas(exchange);
    if (mount.found !== undefined && mount.length >= router.length) {
      return mount.found.handle(exchange, parts.slice(mount.length));
    }
    return router.found === undefined ? textAnswer(404, "not found") : router.found.handle(exchange);
  }

  /** The router and the mount whose prefixes fit most of a path. */
  #areas(exchange: Exchange): { parts: string[]; router: Area<HttpRouter>; mount: Area<StaticMount> } {
    const parts = unescapedParts(exchange.rawPath);
    return {
      parts,
      router: longest(this.#routers.values(), (candidate) => candidate.prefix, parts),
      mount: longest(this.#mounts.values(), (candidate) => candidate.path, parts),
    };
  }

  async #answerLater(exchange: Exchange, answer: Promise<Answer>, isHead: boolean): Promise<Response> {
    this.#pending.add(exchange);
    const { writeMs } = this.#plan;
    try {
      return responseOf(await (writeMs > 0 ? exchange.within(writeMs, answer) : answer), isHead);
    } catch (error) {
      return responseOf(this.#crashed(exchange, error), isHead);
    } finally {
      exchange.answered();
      this.#pending.delete(exchange);
    }
  }

  /** A defect: what is known goes to the log, not to the client. */
  #crashed(exchange: Exchange, error: unknown): Answer {
    if (error instanceof Failure) return textAnswer(500, error.message);
    this.log.error("request crashed", {
      method: exchange.method,
      path: exchange.path,
      error: String((error as Error)?.stack ?? error),
    });
    return textAnswer(500, "internal server error");
  }

  // --- Life -------------------------------------------------------------------------------------------------------------

  async start(signal: AbortSignal): Promise<ServiceRun> {
    // Policies may have come since the entry did.
    this.frame = this.#identity();
    const listener = await this.#listen(this.#plan, signal);
    if (signal.aborted) {
      await listener.close(signal);
      throw new Failure("Timeout", "start was given up");
    }
    const { promise: ended, resolve } = Promise.withResolvers<Failure>();
    this.#lost = resolve;
    this.#use(listener);
    // deno-lint-ignore no-this-alias
    const server = this;
    return {
      get details() {
        return `service listening on ${
          printAddress(server.#plan, server.#listener?.port ?? server.#plan.port)
        }`;
      },
      ended,
      stop: (_reason, stopping) => this.#stop(stopping),
    };
  }

  async #listen(plan: ListenPlan, signal = new AbortController().signal): Promise<Listener> {
    const { idleMs: idleTimeoutMs, tls } = plan;
    const listen = async (hostname: string, port: number): Promise<HttpListener> =>
      await this.#http.listen({ hostname, port, tls, idleTimeoutMs }, this.handle);
    if (plan.network === "") return await listen(plan.hostname, plan.port);
    const { frame } = this;
    const listener = await listenThrough(this.#services, plan.network, {
      listen,
      hostname: plan.hostname,
      signal,
      frame,
    });
    this.log.info("server is reached through a network", {
      network: plan.network,
      address: listener.address,
    });
    return listener;
  }

  #use(listener: Listener): void {
    this.#listener = listener;
    // It may be lost by now.
    listener.lost?.then((failure) => this.#listenerLost(listener, failure));
  }

  /** What its overlay has given up nobody reaches any more: the service has ended. */
  #listenerLost(listener: HttpListener, failure: Failure): void {
    if (this.#listener !== listener) return;
    this.#listener = undefined;
    for (const session of [...this.sessions]) session.shutDown("server is stopping");
    this.#retire(listener);
    this.#lost(failure);
  }

  async #stop(signal: AbortSignal): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener === undefined) return;
    for (const session of [...this.sessions]) session.shutDown("server is stopping");
    const force = (): void => {
      for (const exchange of [...this.#pending]) exchange.abandon();
    };
    if (signal.aborted) force();
    else signal.addEventListener("abort", force, { once: true });
    await listener.close(signal);
    signal.removeEventListener("abort", force);
  }

  /** Takes a new plan; when it listens elsewhere or otherwise the listener is replaced. On failure the old one goes on. */
  async replan(plan: ListenPlan): Promise<void> {
    const previous = this.#plan;
    const old = this.#listener;
    if (old === undefined || sameListener(previous, plan)) {
      this.#take(plan);
      return;
    }
    const isSameAddress = plan.hostname === previous.hostname && plan.port === previous.port &&
      plan.port !== 0;
    if (isSameAddress) this.#retire(old);
    try {
      this.#use(await this.#listen(plan));
    } catch (error) {
      if (isSameAddress) this.#use(await this.#listen(previous));
      throw error;
    }
    this.#take(plan);
    if (!isSameAddress) this.#retire(old);
  }

  #take(plan: ListenPlan): void {
    this.#plan = plan;
    this.relay.resize(plan.relay);
  }

  /** Lets a listener finish what it has begun. */
  #retire(listener: HttpListener): void {
    const abort = new AbortController();
    const timer = this.clock.timer(REPLACED_LISTENER_MS, () => abort.abort(), { background: true });
    listener.close(abort.signal).then(() => timer.cancel(), (error: unknown) => {
      this.log.warn("old listener did not close", { error: String(error) });
    });
  }
}

function printRoute(endpoint: Endpoint): string {
  return `${endpoint.method} ${endpoint.pattern.text} (${endpoint.id})`;
}

/** True when the version being built no longer has an entry as it is, so that its turn to change is still to come. */
function isStale(entry: Entry, entries: KindServices["entries"]): boolean {
  const next = entries.get(entry.id);
  if (next === undefined) return true;
  return next !== entry && !(valuesEqual(next.data, entry.data) && valuesEqual(next.meta, entry.meta));
}

function sameListener(a: ListenPlan, b: ListenPlan): boolean {
  return a.hostname === b.hostname && a.port === b.port && a.network === b.network && a.idleMs === b.idleMs &&
    JSON.stringify(a.tls) === JSON.stringify(b.tls);
}
