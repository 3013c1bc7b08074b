/** The language server with all modules and kinds of this program, for one client or for those who post. */
import { luaKinds } from "../lua/mod.ts";
import { declarations } from "../../std/declarations.gen.ts";
import type { KindDefinition } from "../registry/mod.ts";
import type { Ports } from "../ports/mod.ts";
import { type ByteChannel, ChannelReader, ChannelWriter } from "./framing.ts";
import { HttpTransport, type HttpTransportOptions } from "./http_transport.ts";
import { LanguageServer, type ServerOptions } from "./server.ts";
import { ReferenceFiles } from "./reference_files.ts";
import type { LiveEntries } from "./workspace.ts";

/** What editors are served from. */
export interface ServeOptions {
  readonly ports: Pick<Ports, "files" | "clock" | "threads" | "cpus">;
  readonly version: string;
  readonly messageBytesMax: number;
  /** The folder of a project, when the client names none. */
  readonly defaultRoot: string;
  /** Folders of the project, whatever clients name. */
  readonly roots?: readonly string[];
  readonly live?: LiveEntries;
  /** Where declarations of modules are written as files, for editors to open. */
  readonly referenceFolder?: string;
}

/** Conversations with clients. */
export class LanguageServers {
  readonly #options: ServeOptions;
  readonly #kinds: readonly KindDefinition[];
  readonly #open = new Set<LanguageServer>();

  constructor(options: ServeOptions, kinds: readonly KindDefinition[]) {
    this.#options = options;
    this.#kinds = kinds;
  }

  /** Talks to the client at the other end; resolves with 0 after an orderly end. */
  async serve(channel: ByteChannel): Promise<number> {
    const reader = new ChannelReader(channel, this.#options.messageBytesMax);
    const server = new LanguageServer(this.#serverOptions(), reader, new ChannelWriter(channel));
    this.#open.add(server);
    try {
      return await server.run();
    } finally {
      this.#open.delete(server);
      channel.close();
    }
  }

  /** Talks to all that post; the returned function answers HTTP requests. */
  serveHttp(options: Omit<HttpTransportOptions, "messageBytesMax">): HttpTransport {
    const transport = new HttpTransport({ ...options, messageBytesMax: this.#options.messageBytesMax });
    const server = new LanguageServer(this.#serverOptions(), transport.reader, transport.writer);
    this.#open.add(server);
    void server.run().finally(() => this.#open.delete(server));
    return transport;
  }

  /** Entries of the running application changed. */
  entriesChanged(): void {
    for (const server of this.#open) server.entriesChanged();
  }

  #serverOptions(): ServerOptions {
    const { ports, version, defaultRoot, roots, live, referenceFolder } = this.#options;
    return {
      files: ports.files,
      clock: ports.clock,
      threads: ports.threads,
      threadCount: ports.cpus,
      modules: declarations,
      kinds: [...luaKinds(noRuntime), ...this.#kinds],
      version,
      defaultRoot,
      reference: new ReferenceFiles(ports.files, referenceFolder, declarations),
      ...(roots === undefined ? {} : { roots }),
      ...(live === undefined ? {} : { live }),
    };
  }
}

/** Stands where a runtime would: definitions are only looked at. */
export function noRuntime(): never {
  throw new Error("no application runs here");
}
