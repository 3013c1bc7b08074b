/**
 * A queue of SQS.
 *
 * SQ1. It is looked for when it is first used, and made when there is none; one that exists is used as it is.
 * SQ2. One that was deleted meanwhile is made again.
 * SQ3. Removing the entry leaves the queue and its messages alone.
 */
import type { SQSClient } from "@aws-sdk/client-sqs";
import { Failure, schema, type Value } from "../../../core/mod.ts";
import type {
  Clock,
  Log,
  Queue,
  QueueConsumption,
  QueueDeclaration,
  QueueDelivery,
  QueueMessage,
  Waiter,
} from "../../../ports/mod.ts";
import { awsFailure, isOutOfReach } from "../../aws/failure.ts";
import { ownOptions } from "../driver_options.ts";
import { SqsConsumption } from "./sqs_consumption.ts";
import { isUnknownQueue, type SqsLibrary, sqsLibrary } from "./sqs_library.ts";
import { sendingOf } from "./sqs_message.ts";

const NAME = /^[\w-]{1,80}$/;
const FIFO = ".fifo";
const NAME_CHARACTERS_MAX = 80;

/** What queues share: the driver's client and settings, which may become others. */
export interface SqsDriverContext {
  client(): Promise<SQSClient>;
  readonly retentionSeconds: number;
  readonly delaySeconds: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a request on a queue is made with. */
export interface QueueRequest {
  readonly library: SqsLibrary;
  readonly client: SQSClient;
  readonly url: string;
  readonly signal: AbortSignal | undefined;
}

/** The queue of a `queue.driver.sqs`. */
export class SqsQueue implements Queue {
  readonly #driver: SqsDriverContext;
  #declaration: QueueDeclaration;
  #url: Promise<string> | undefined;

  /** Fails with Invalid for a name that SQS does not take. */
  constructor(driver: SqsDriverContext, declaration: QueueDeclaration) {
    this.#driver = driver;
    this.#declaration = checked(declaration);
  }

  get name(): string {
    return this.#declaration.name;
  }

  get codec(): QueueDeclaration["codec"] {
    return this.#declaration.codec;
  }

  /** Takes another declaration. */
  redeclare(declaration: QueueDeclaration): void {
    if (checked(declaration).name !== this.name) this.forget();
    this.#declaration = declaration;
  }

  /** It will be looked for again: where it is may have changed. */
  forget(): void {
    this.#url = undefined;
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.request("open", signal, async () => {});
  }

  async publish(message: QueueMessage, caller?: Waiter): Promise<void> {
    const sending = sendingOf(message, this.codec);
    await this.request(
      "publish to",
      caller?.signal,
      ({ client, library, signal, url }) =>
        client.send(new library.SendMessageCommand({ QueueUrl: url, ...sending }), { abortSignal: signal }),
    );
  }

  async consume(prefetch: number, receive: (delivery: QueueDelivery) => void): Promise<QueueConsumption> {
    await this.request("consume", undefined, async () => {});
    const { clock, log } = this.#driver;
    return new SqsConsumption({ queue: this, prefetch, receive, clock, log });
  }

  async info(): Promise<Record<string, Value>> {
    try {
      const { Attributes } = await this.request("ask", undefined, ({ client, library, url }) =>
        client.send(
          new library.GetQueueAttributesCommand({
            QueueUrl: url,
            AttributeNames: ["ApproximateNumberOfMessages"],
          }),
        ));
      return { message_count: Number(Attributes?.ApproximateNumberOfMessages ?? 0), ready: true };
    } catch (error) {
      if (isOutOfReach(error as Failure)) return { ready: false };
      throw error;
    }
  }

  /** Makes a request on the queue, twice when it turns out to be gone. What goes wrong becomes a failure that names it. */
  async request<T>(
    verb: string,
    signal: AbortSignal | undefined,
    work: (request: QueueRequest) => Promise<T>,
  ): Promise<T> {
    try {
      try {
        return await work(await this.#prepare(signal));
      } catch (error) {
        if (!isUnknownQueue(error)) throw error;
        this.forget();
        return await work(await this.#prepare(signal));
      }
    } catch (error) {
      throw awsFailure(`${verb} queue ${this.name}`, error, signal);
    }
  }

  async #prepare(signal: AbortSignal | undefined): Promise<QueueRequest> {
    const [library, client] = await Promise.all([sqsLibrary(), this.#driver.client()]);
    if (this.#url === undefined) {
      const url = this.#url = this.#find(library, client);
      // Whoever asks next tries anew.
      url.catch(() => this.#url === url && this.forget());
    }
    return { library, client, url: await this.#url, signal };
  }

  async #find(library: SqsLibrary, client: SQSClient): Promise<string> {
    const QueueName = this.name;
    try {
      const { QueueUrl } = await client.send(new library.GetQueueUrlCommand({ QueueName }));
      return urlOf(QueueUrl);
    } catch (error) {
      if (!isUnknownQueue(error)) throw error;
    }
    const { delaySeconds, log, retentionSeconds } = this.#driver;
    const { QueueUrl } = await client.send(
      new library.CreateQueueCommand({
        QueueName,
        Attributes: {
          MessageRetentionPeriod: String(retentionSeconds),
          DelaySeconds: String(delaySeconds),
          ...(QueueName.endsWith(FIFO) ? { FifoQueue: "true" } : {}),
        },
      }),
    );
    log.info("queue made", { queue: QueueName });
    return urlOf(QueueUrl);
  }
}

function urlOf(url: string | undefined): string {
  if (url !== undefined) return url;
  throw new Failure("Internal", "the answer names no queue", { retryable: false });
}

/** Refuses what SQS would not take. */
function checked(declaration: QueueDeclaration): QueueDeclaration {
  const { driverOptions, name } = declaration;
  ownOptions(schema.object({}), driverOptions, "sqs");
  const plain = name.endsWith(FIFO) ? name.slice(0, -FIFO.length) : name;
  if (NAME.test(plain) && name.length <= NAME_CHARACTERS_MAX) return declaration;
  throw new Failure(
    "Invalid",
    `queue_name: SQS takes letters, digits, - and _, ${NAME_CHARACTERS_MAX} at most, and .fifo at the end; got ${name}`,
    { retryable: false, details: { path: "queue_name" } },
  );
}
