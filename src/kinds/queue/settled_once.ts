/** A delivery that is settled at most once, whatever its driver does then. */
import { Failure } from "../../core/mod.ts";
import type { QueueDelivery, QueueMessage } from "../../ports/mod.ts";

/** What deliveries of all drivers have in common. */
export abstract class SettledOnce implements QueueDelivery {
  readonly message: QueueMessage;
  readonly released = false;
  #settled = false;

  constructor(message: QueueMessage) {
    this.message = message;
  }

  get settled(): boolean {
    return this.#settled;
  }

  ack(): void | Promise<void> {
    return this.#end(true);
  }

  nack(): void | Promise<void> {
    return this.#end(false);
  }

  #end(accepted: boolean): void | Promise<void> {
    if (this.#settled) throw new Failure("Invalid", "queue.Message already settled", { retryable: false });
    this.demandReach();
    this.#settled = true;
    return this.settle(accepted);
  }

  /** Fails when it can't be settled any more; then it stays as it is. */
  protected demandReach(): void {}

  /** Does what it takes. */
  protected abstract settle(accepted: boolean): void | Promise<void>;
}
