/** `wippy lsp`: the language server for editors. */
import process from "node:process";
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Settings } from "../../app/mod.ts";
import { asFailure } from "../../core/mod.ts";
import { type Command, Misuse, type ParsedArguments, refuseExtra } from "../command.ts";
import { printProgress } from "../output.ts";
import { VERSION } from "../product.ts";
import { referenceOption } from "../reference_folder.ts";
import { PROJECT_HELP, PROJECT_OPTIONS, projectRequest } from "../session.ts";

const USAGE = "wippy lsp [folder] [--tcp ADDRESS] [--http ADDRESS]";

/** Serves editors until they leave. */
export const lsp: Command = {
  help: `Serve editors: diagnostics, completion, hover, definitions, references, renaming, formatting and more

Editors start this command and talk to it over standard input and output. With an address it listens there instead, for
any number of editors, until it is stopped. An application that runs can serve editors itself: set lsp.enabled.

Usage
  ${USAGE}

Options
      --stdio            standard input and output (the default)
      --tcp ADDRESS      listen for editors at host:port
      --http ADDRESS     listen for posted messages at host:port, under lsp.http_path
${PROJECT_HELP}
Examples
  wippy lsp                          as editors start it
  wippy lsp --tcp localhost:7777     for editors that connect
`,
  options: {
    stdio: { type: "flag", about: "standard input and output" },
    tcp: { type: "text", about: "listen at host:port" },
    http: { type: "text", about: "listen for posted messages at host:port" },
    ...PROJECT_OPTIONS,
  },
  async run(args) {
    refuseExtra(args, 1, USAGE);
    const folder = resolve(args.positionals[0] ?? ".");
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
      throw new Misuse(`${folder}: no such folder`);
    }
    const tcp = args.text("tcp");
    const http = args.text("http");
    if (args.flag("stdio") && (tcp !== undefined || http !== undefined)) {
      throw new Misuse("--stdio and an address exclude each other");
    }
    const [{ createPorts }, { openLanguageServers }, transports] = await Promise.all([
      import("../../platform/mod.ts"),
      import("../../lsp/mod.ts"),
      import("../language_transports.ts"),
    ]);
    const ports = createPorts();
    const settings = await settingsOf(args, ports);
    const messageBytesMax = settings.max_message_bytes;
    const servers = await openLanguageServers({
      ports,
      version: VERSION,
      messageBytesMax,
      defaultRoot: folder,
      ...await referenceOption(ports),
    });
    if (tcp === undefined && http === undefined) return await servers.serve(transports.standardChannel());
    if (tcp !== undefined) {
      const { address } = await transports.listenTcp(servers, tcp, "--tcp");
      printProgress(`language server at ${address}`);
    }
    if (http !== undefined) {
      const path = settings.http_path;
      const place = { address: http, path, allowOrigin: settings.http_allow_origin, messageBytesMax };
      const { address } = await transports.listenHttp(servers, ports, place, "--http");
      printProgress(`language server at http://${address}${path}`);
    }
    return await new Promise<number>((stop) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop(0));
    });
  },
};

/** The configuration's `lsp` section. One that can't be read must not keep an editor from its help. */
async function settingsOf(
  args: ParsedArguments,
  ports: Parameters<typeof import("../../app/mod.ts").openProject>[1],
): Promise<Settings["lsp"]> {
  const { composeConfiguration } = await import("../../app/mod.ts");
  try {
    return composeConfiguration(projectRequest(args), ports).settings.lsp;
  } catch (error) {
    printProgress(`warning: ${asFailure(error).message}`);
    const { SETTINGS } = await import("../../app/mod.ts");
    return SETTINGS.decode({}, { path: "", ns: "", references: [] }).lsp;
  }
}
