/**
 * What editors ask for: a language server, and definition files laid out. Both load what they need when they are first used.
 */
import type { indexWork } from "./index_thread.ts";
import type { PrintedDefinitions } from "./print_definitions.ts";
import type { LanguageServers, ServeOptions } from "./serve.ts";

export type { ByteChannel } from "./framing.ts";
export type { IndexBoot, IndexJob } from "./indexer.ts";
export type { PrintedDefinitions } from "./print_definitions.ts";
export type { LanguageServers, ServeOptions } from "./serve.ts";

/** Lays a definition file out anew. */
export async function printDefinitions(text: string): Promise<PrintedDefinitions> {
  return (await import("./print_definitions.ts")).printDefinitions(text);
}

/** What makes indexes on a thread of its own. */
export async function loadIndexWork(): Promise<typeof indexWork> {
  return (await import("./index_thread.ts")).indexWork;
}

/** What talks to editors. */
export async function openLanguageServers(options: ServeOptions): Promise<LanguageServers> {
  const [{ LanguageServers, noRuntime }, { kinds }, { wasmKinds }, { workflowKinds }] = await Promise.all([
    import("./serve.ts"),
    import("../kinds/index.gen.ts"),
    import("../wasm/mod.ts"),
    import("../workflow/mod.ts"),
  ]);
  const standard = await Promise.all(kinds.map((kind) => kind.load()));
  return new LanguageServers(options, [...workflowKinds(noRuntime), ...wasmKinds(noRuntime), ...standard]);
}
