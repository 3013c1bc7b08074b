/**
 * A session at the SAM bridge of an I2P router (SAM v3): it lives as long as the connection that opened it.
 *
 * A1. Questions are answered in order, one at a time. When the connection ends, whoever waits fails, and `ended` resolves. It ends when
 *     an answer takes too long: nothing that comes later could be told from the next one.
 */
import { Failure, parseSamReply, type SamReply } from "../../core/mod.ts";
import type { Clock, NodeAddress, NodeNetwork, NodeStream } from "../../ports/mod.ts";

/** Longest line of a bridge: private keys have some 900 characters. */
const LINE_CHARACTERS_MAX = 16 * 1024;
const CONNECT_MS = 10_000;
/** Longest wait for an answer: a session is there once its tunnels are. */
const ANSWER_MS = 120_000;

/** What connections are made with. */
export interface SamPorts {
  readonly clock: Clock;
  readonly nodeNetwork: Pick<NodeNetwork, "connect">;
}

interface Waiting {
  readonly resolve: (reply: SamReply) => void;
  readonly reject: (failure: Failure) => void;
}

/** A connection to a bridge, after the greeting. */
export class SamConnection {
  /** Resolves when the connection is over. */
  readonly ended: Promise<Failure>;
  readonly #bridge: string;
  readonly #clock: Clock;
  readonly #waiting: Waiting[] = [];
  readonly #decoder = new TextDecoder();
  readonly #end: (failure: Failure) => void;
  #stream: NodeStream | undefined;
  #text = "";
  #isOver = false;

  private constructor({ host, port }: NodeAddress, clock: Clock) {
    this.#clock = clock;
    this.#bridge = `I2P bridge ${host}:${port}`;
    const { promise, resolve } = Promise.withResolvers<Failure>();
    this.ended = promise;
    this.#end = resolve;
  }

  /** Connects and greets. Fails with Unavailable. */
  static async open(
    { clock, nodeNetwork }: SamPorts,
    address: NodeAddress,
    signal?: AbortSignal,
  ): Promise<SamConnection> {
    const connection = new SamConnection(address, clock);
    try {
      connection.#stream = await nodeNetwork.connect(address, {
        data: (data) => connection.#take(data),
        closed: () => connection.#over("the connection was closed"),
      }, CONNECT_MS);
    } catch (error) {
      throw connection.#failure((error as Error).message);
    }
    if (signal !== undefined) {
      if (signal.aborted) connection.close();
      else signal.addEventListener("abort", () => connection.close(), { once: true });
    }
    await connection.ask("HELLO VERSION MIN=3.0 MAX=3.3");
    return connection;
  }

  /** Says a line; gives the answer when it is a good one. Fails with Unavailable. */
  async ask(line: string): Promise<SamReply> {
    if (this.#isOver) throw this.#failure("the connection was closed");
    const { promise, reject, resolve } = Promise.withResolvers<SamReply>();
    const timer = this.#clock.timer(ANSWER_MS, () => this.#abandon("no answer in time"), {
      background: true,
    });
    this.#waiting.push({ resolve, reject });
    this.#stream!.write(new TextEncoder().encode(`${line}\n`));
    const reply = await promise.finally(() => timer.cancel());
    if (reply.result === "OK") return reply;
    const words = [reply.result || "not an answer of SAM", reply.values["MESSAGE"] ?? ""];
    throw this.#failure(words.filter((word) => word !== "").join(": "));
  }

  /** Ends it. */
  close(): void {
    this.#abandon("it was closed");
  }

  #abandon(text: string): void {
    this.#stream?.destroy();
    this.#over(text);
  }

  #failure(text: string): Failure {
    return new Failure("Unavailable", `${this.#bridge}: ${text}`, { retryable: true });
  }

  #over(text: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const failure = this.#failure(text);
    for (const { reject } of this.#waiting.splice(0)) reject(failure);
    this.#end(failure);
  }

  #take(data: Uint8Array): void {
    this.#text += this.#decoder.decode(data, { stream: true });
    for (;;) {
      const at = this.#text.indexOf("\n");
      if (at < 0) break;
      const line = this.#text.slice(0, at);
      this.#text = this.#text.slice(at + 1);
      this.#line(line);
    }
    if (this.#text.length <= LINE_CHARACTERS_MAX) return;
    this.#abandon("its answer has no end");
  }

  #line(line: string): void {
    const ping = /^PING(.*)$/.exec(line);
    if (ping !== null) this.#stream!.write(new TextEncoder().encode(`PONG${ping[1]}\n`));
    else this.#waiting.shift()?.resolve(parseSamReply(line));
  }
}
