/**
 * The language server inside a running application: editors see its entries, changed or not, with what they have not saved on top.
 *
 * LC1. It is a guest: when an address can't be had the application runs without it and says so.
 */
import { type Component, COMPONENTS, INFRASTRUCTURE, type Project } from "../app/mod.ts";
import { asFailure } from "../core/mod.ts";
import type { LanguageServers } from "../lsp/mod.ts";
import type { Ports } from "../ports/mod.ts";
import { listenHttp, type Listening, listenTcp } from "./language_transports.ts";
import { VERSION } from "./product.ts";
import { referenceOption } from "./reference_folder.ts";

/** Serves editors as `lsp.*` says while the application runs. */
export function languageServerComponent(project: Project, ports: Ports): Component {
  const { lsp, lua } = project.configuration.settings;
  const listening: Listening[] = [];
  let unsubscribe: (() => void) | undefined;
  return {
    name: "lsp",
    requires: [COMPONENTS.registry.name],
    async start(context) {
      const log = context.get(INFRASTRUCTURE.log).named("lsp");
      if (!lua.type_system.enabled) {
        log.warn("the language server needs lua.type_system.enabled: true; it is not started");
        return;
      }
      const registry = context.get(COMPONENTS.registry);
      const { openLanguageServers } = await import("../lsp/mod.ts");
      const servers = await openLanguageServers({
        ports,
        version: VERSION,
        messageBytesMax: lsp.max_message_bytes,
        defaultRoot: project.root,
        roots: [project.root],
        ...await referenceOption(ports),
        live: { all: () => registry.state.all() },
      });
      const told = (): void => servers.entriesChanged();
      unsubscribe = context.get(INFRASTRUCTURE.bus).subscribe("registry", "registry.commit", told);
      for (const listen of listenersOf(servers)) {
        try {
          const opened = await listen();
          listening.push(opened);
          log.info("serving editors", { address: opened.address });
        } catch (error) {
          log.error(asFailure(error).message);
        }
      }
    },
    async stop(_context, signal) {
      unsubscribe?.();
      await Promise.all(listening.map((each) => each.close(signal)));
    },
  };

  function listenersOf(servers: LanguageServers): (() => Promise<Listening>)[] {
    const place = {
      address: lsp.http_address,
      path: lsp.http_path,
      allowOrigin: lsp.http_allow_origin,
      messageBytesMax: lsp.max_message_bytes,
    };
    return [
      ...lsp.enabled ? [() => listenTcp(servers, lsp.address, "lsp.address")] : [],
      ...lsp.http_enabled ? [() => listenHttp(servers, ports, place, "lsp.http_address")] : [],
    ];
  }
}
