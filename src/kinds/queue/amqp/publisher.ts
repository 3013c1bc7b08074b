/**
 * Publishing with confirmation.
 *
 * P1. A message counts as published once the broker has confirmed it; one without an answer failed, though it may have arrived.
 */
import type { ChannelModel, ConfirmChannel, Options } from "amqplib";
import { AMQP_UNCONFIRMED_MAX, Failure } from "../../../core/mod.ts";
import { operationFailure } from "./amqp_failure.ts";

/** The one channel that messages are published on, opened anew when it is lost. */
export class Publisher {
  #channel: { readonly model: ChannelModel; readonly opening: Promise<ConfirmChannel> } | undefined;
  readonly #returned = new Set<string>();
  #unconfirmed = 0;

  /** Resolves once the broker has taken it: with false when it has no such queue. */
  async publish(
    model: ChannelModel,
    queue: string,
    content: Uint8Array,
    options: Options.Publish & { readonly messageId: string },
  ): Promise<boolean> {
    if (this.#unconfirmed >= AMQP_UNCONFIRMED_MAX) {
      const message = `${AMQP_UNCONFIRMED_MAX} messages wait for the broker's confirmation`;
      throw new Failure("RateLimited", message, { retryable: true });
    }
    this.#unconfirmed++;
    try {
      const channel = await this.#open(model);
      await confirmed(channel, queue, content, options);
      return !this.#returned.has(options.messageId);
    } finally {
      this.#unconfirmed--;
      this.#returned.delete(options.messageId);
    }
  }

  async #open(model: ChannelModel): Promise<ConfirmChannel> {
    if (this.#channel?.model === model) return await this.#channel.opening;
    const opening = model.createConfirmChannel();
    const mine = this.#channel = { model, opening };
    const forget = (): void => {
      if (this.#channel === mine) this.#channel = undefined;
    };
    try {
      const channel = await opening;
      // The reason goes to those whose messages were on it.
      channel.on("error", (error) => reasons.set(channel, error));
      channel.on("close", forget);
      channel.on("return", ({ properties }) => this.#returned.add(String(properties.messageId)));
      return channel;
    } catch (error) {
      forget();
      throw operationFailure(error, "publishing");
    }
  }
}

/** Why a channel was closed by the broker. */
const reasons = new WeakMap<ConfirmChannel, Error>();

function confirmed(
  channel: ConfirmChannel,
  queue: string,
  content: Uint8Array,
  options: Options.Publish,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const answered = (error: Error | null): void => {
      if (error === null) resolve();
      else reject(refusal(error, reasons.get(channel), content));
    };
    try {
      channel.publish("", queue, asBuffer(content), options, answered);
    } catch (error) {
      reject(unsendable(error));
    }
  });
}

/** The same bytes as the library wants them. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function unsendable(error: unknown): Failure {
  if (error instanceof RangeError || error instanceof TypeError) {
    return new Failure("Invalid", `message headers can't be sent: ${error.message}`, {
      retryable: false,
      cause: error,
    });
  }
  return operationFailure(error, "publishing");
}

function refusal(error: Error, reason: Error | undefined, content: Uint8Array): Failure {
  if (error.message === "message nacked") {
    return new Failure("RateLimited", "the broker refused the message: the queue is full or in trouble", {
      retryable: true,
    });
  }
  if (reason === undefined) {
    return new Failure("Unavailable", "the connection was lost before the broker confirmed the message", {
      retryable: true,
      cause: error,
    });
  }
  const sizes = /size (\d+)/.exec(reason.message);
  // Others that were under way on the same channel may be tried again.
  const isCulprit = sizes !== null && Number(sizes[1]) === content.length;
  return new Failure(isCulprit ? "LimitExceeded" : "Unavailable", `the broker refused: ${reason.message}`, {
    retryable: !isCulprit,
    cause: reason,
  });
}
