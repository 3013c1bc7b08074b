/** Clients of AWS's services: made on first use, and anew when the configuration has become another one. */
import type { AwsSettings } from "./settings.ts";

/** What can be let go. */
interface Client {
  destroy(): void;
}

/** Holds the client of one entry. */
export class AwsClient<C extends Client> {
  readonly #settings: () => AwsSettings;
  readonly #make: (settings: AwsSettings) => Promise<C>;
  #made: { readonly settings: AwsSettings; readonly client: Promise<C> } | undefined;

  /** `settings` answers with another object when anything in it has changed. */
  constructor(settings: () => AwsSettings, make: (settings: AwsSettings) => Promise<C>) {
    this.#settings = settings;
    this.#make = make;
  }

  get(): Promise<C> {
    const settings = this.#settings();
    if (this.#made?.settings !== settings) {
      this.close();
      this.#made = { settings, client: this.#make(settings) };
    }
    return this.#made.client;
  }

  close(): void {
    // What could not be made has nothing to let go.
    this.#made?.client.then((client) => client.destroy()).catch(() => undefined);
    this.#made = undefined;
  }
}
