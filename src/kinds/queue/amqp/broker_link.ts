/**
 * One connection to a broker, made again whenever it is lost.
 *
 * L1. At most one connection, and at most one attempt, at any moment. Nothing happens before somebody asks.
 * L2. Once asked it goes on trying until it is closed, with a delay that doubles up to a bound.
 * L3. Once an attempt has failed, who asks is refused at once until there is a connection: nobody waits for an outage.
 */
import type { ChannelModel } from "amqplib";
import { Failure } from "../../../core/mod.ts";
import type { Clock, Log, Random, TimerHandle } from "../../../ports/mod.ts";
import { connectFailure } from "./amqp_failure.ts";
import type { BrokerSettings } from "./broker_settings.ts";

/** How long the broker may take to say goodbye. */
const CLOSE_MS = 2000;
/** Part of a delay that is left to chance, so that clients of a broker don't come back all at once. */
const JITTER = 0.2;

/** What a link needs. */
export interface BrokerLinkOptions {
  readonly settings: BrokerSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

type State =
  | { readonly kind: "idle" }
  | {
    readonly kind: "connecting";
    readonly attempt: Promise<ChannelModel>;
    /** Why the one before failed, when nobody asked for this one. */
    readonly failure: Failure | undefined;
  }
  | { readonly kind: "open"; readonly model: ChannelModel }
  | { readonly kind: "waiting"; readonly timer: TimerHandle; readonly failure: Failure }
  | { readonly kind: "closed" };

let library: Promise<typeof import("amqplib")> | undefined;
/** Loads the library on first use: most applications never need it. */
function load(): Promise<typeof import("amqplib")> {
  return library ??= import("amqplib").then((module) =>
    (module as unknown as { default?: typeof import("amqplib") }).default ?? module
  );
}

/** A connection that comes back. */
export class BrokerLink {
  readonly #options: BrokerLinkOptions;
  readonly #opened = new Set<(model: ChannelModel) => void>();
  #settings: BrokerSettings;
  #state: State = { kind: "idle" };
  #failures = 0;

  constructor(options: BrokerLinkOptions) {
    this.#options = options;
    this.#settings = options.settings;
  }

  /** The live connection, if there is one. */
  get model(): ChannelModel | undefined {
    return this.#state.kind === "open" ? this.#state.model : undefined;
  }

  /** Why there is no connection; undefined when there is one or nobody asked for it. */
  get trouble(): Failure | undefined {
    const state = this.#state;
    return state.kind === "waiting" || state.kind === "connecting" ? state.failure : undefined;
  }

  /** Calls `listener` with each new connection; the result ends that. */
  onOpen(listener: (model: ChannelModel) => void): () => void {
    this.#opened.add(listener);
    return () => this.#opened.delete(listener);
  }

  /** The connection. Waits for a first attempt, or one that somebody asked for; fails with Unavailable during an outage. */
  ready(): ChannelModel | Promise<ChannelModel> {
    const state = this.#state;
    switch (state.kind) {
      case "open":
        return state.model;
      case "idle":
        return this.#connect();
      case "connecting":
        if (state.failure !== undefined) throw state.failure;
        return state.attempt;
      case "waiting":
        throw state.failure;
      case "closed":
        throw new Failure("Unavailable", "the queue driver is stopped", { retryable: true });
    }
  }

  /** As `ready`, but tries at once when the next attempt is still to come, or when the link was closed. */
  connect(): ChannelModel | Promise<ChannelModel> {
    const state = this.#state;
    if (state.kind === "waiting") state.timer.cancel();
    if (state.kind === "waiting" || state.kind === "closed") return this.#connect();
    return state.kind === "connecting" ? state.attempt : this.ready();
  }

  /** After it was closed: connects again when somebody asks, or waits for it already. */
  reopen(): void {
    if (this.#state.kind !== "closed") return;
    this.#state = { kind: "idle" };
    if (this.#opened.size > 0) void this.#connect();
  }

  /** Goes on with other settings; a connection by the old ones is closed and made anew. */
  async replace(settings: BrokerSettings): Promise<void> {
    this.#settings = settings;
    const { kind } = this.#state;
    if (kind === "idle" || kind === "closed") return;
    await this.close();
    this.#failures = 0;
    // The outcome is logged, and told to whoever asks next.
    await Promise.resolve(this.#connect()).catch(() => undefined);
  }

  /** Says goodbye; what was not settled is given back by the broker. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: "closed" };
    if (state.kind === "waiting") state.timer.cancel();
    if (state.kind === "open") await this.#sayGoodbye(state.model);
    // An attempt that ends later sees that it is too late, and closes what it got.
    if (state.kind === "connecting") await state.attempt.catch(() => undefined);
  }

  #connect(failure?: Failure): Promise<ChannelModel> {
    const attempt = this.#attempt(this.#settings).then(
      (model) => {
        if (!this.#isAttempt(attempt)) return this.#tooLate(model);
        this.#isOpen(model);
        return model;
      },
      (error: unknown) => {
        const why = connectFailure(error, this.#settings.place);
        if (this.#isAttempt(attempt)) this.#wait(why);
        throw why;
      },
    );
    // Who does not wait for it finds its end in the state.
    attempt.catch(() => undefined);
    this.#state = { kind: "connecting", attempt, failure };
    return attempt;
  }

  #isAttempt(attempt: Promise<ChannelModel>): boolean {
    return this.#state.kind === "connecting" && this.#state.attempt === attempt;
  }

  async #tooLate(model: ChannelModel): Promise<never> {
    await this.#sayGoodbye(model);
    throw new Failure("Unavailable", "the queue driver is stopped", { retryable: true });
  }

  /** One attempt, within its time. */
  async #attempt({ address, connectMs, mechanism, socket }: BrokerSettings): Promise<ChannelModel> {
    const { connect, credentials } = await load();
    const { username = "", password = "" } = address;
    const proof = mechanism === "EXTERNAL"
      ? credentials.external()
      : mechanism === "AMQPLAIN"
      ? credentials.amqplain(username, password)
      : credentials.plain(username, password);
    const connecting = connect({ ...address }, {
      ...socket,
      credentials: proof,
      ...connectMs === 0 ? {} : { timeout: Math.ceil(connectMs) },
    });
    if (connectMs === 0) return await guarded(connecting);
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = this.#options.clock.timer(connectMs, () => {
      reject(
        new Failure("Unavailable", `broker ${this.#settings.place} did not answer within ${connectMs}ms`, {
          retryable: true,
        }),
      );
      // Whatever comes of it now is of no use.
      connecting.then((model) => this.#sayGoodbye(guard(model)), () => undefined);
    });
    try {
      return await Promise.race([guarded(connecting), late]);
    } finally {
      timer.cancel();
    }
  }

  #isOpen(model: ChannelModel): void {
    const { log } = this.#options;
    const place = this.#settings.place;
    let reason: unknown;
    model.on("error", (error) => reason = error);
    model.on("close", (error) => this.#lost(model, reason ?? error));
    model.on(
      "blocked",
      (why) => log.warn("broker takes no messages for now", { broker: place, reason: why }),
    );
    model.on("unblocked", () => log.info("broker takes messages again", { broker: place }));
    if (this.#failures > 0) log.info("broker is connected again", { broker: place });
    this.#failures = 0;
    this.#state = { kind: "open", model };
    for (const listener of [...this.#opened]) listener(model);
  }

  #lost(model: ChannelModel, error: unknown): void {
    if (this.#state.kind !== "open" || this.#state.model !== model) return;
    destroy(model);
    const text = error instanceof Error ? error.message : "the broker closed it";
    this.#wait(
      new Failure("Unavailable", `connection to broker ${this.#settings.place} was lost: ${text}`, {
        retryable: true,
        cause: error,
      }),
    );
  }

  #wait(failure: Failure): void {
    const { clock, log, random } = this.#options;
    const { place, reconnectMs, reconnectMsMax } = this.#settings;
    // Bounded, since 2 to the power of many is no delay.
    const full = Math.min(reconnectMsMax, reconnectMs * 2 ** Math.min(this.#failures++, 30));
    const delayMs = Math.ceil(full * (1 - JITTER * random.float()));
    log.warn("no connection to the broker; trying again", {
      broker: place,
      error: failure.message,
      delay_ms: delayMs,
    });
    const timer = clock.timer(delayMs, () => void this.#connect(failure), { background: true });
    this.#state = { kind: "waiting", timer, failure };
  }

  async #sayGoodbye(model: ChannelModel): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.clock.timer(CLOSE_MS, resolve);
    // It may be closed already, or be lost meanwhile, and then nobody answers.
    model.on("close", () => resolve());
    await Promise.race([model.close().catch(() => undefined), late]);
    timer.cancel();
    destroy(model);
  }
}

/** An error without a listener would end the program. */
function guard(model: ChannelModel): ChannelModel {
  model.on("error", () => undefined);
  return model;
}

function guarded(connecting: Promise<ChannelModel>): Promise<ChannelModel> {
  return connecting.then(guard);
}

/** Frees the socket of a connection that is over, also when the other side is silent. */
function destroy(model: ChannelModel): void {
  (model.connection as unknown as { stream?: { destroy?(): void } }).stream?.destroy?.();
}
