/** What this server can do, as it tells clients. */
import type { InitializeParams, InitializeResult } from "vscode-languageserver-protocol";
import { TOKEN_MODIFIERS, TOKEN_TYPES } from "./semantic_tokens.ts";
import type { Encoding } from "./text.ts";

const INCREMENTAL = 2;

/** The encoding of columns: the first of the client's that is known here; UTF-16 when it names none. */
export function encodingFor({ capabilities }: InitializeParams): Encoding {
  const offered = capabilities.general?.positionEncodings ?? [];
  return offered.find((each): each is Encoding => each === "utf-8" || each === "utf-16") ?? "utf-16";
}

/** The answer to `initialize`. */
export function initializeResult(encoding: Encoding, version: string): InitializeResult {
  return {
    serverInfo: { name: "wippy", version },
    capabilities: {
      positionEncoding: encoding,
      textDocumentSync: { openClose: true, change: INCREMENTAL, save: false },
      hoverProvider: true,
      completionProvider: { triggerCharacters: [".", ":", '"', "'"] },
      signatureHelpProvider: { triggerCharacters: ["(", ","], retriggerCharacters: [","] },
      definitionProvider: true,
      referencesProvider: true,
      documentHighlightProvider: true,
      documentSymbolProvider: true,
      workspaceSymbolProvider: true,
      renameProvider: { prepareProvider: true },
      documentFormattingProvider: true,
      documentRangeFormattingProvider: true,
      codeActionProvider: { codeActionKinds: ["quickfix", "source.fixAll"] },
      callHierarchyProvider: true,
      diagnosticProvider: { interFileDependencies: true, workspaceDiagnostics: false },
      semanticTokensProvider: {
        legend: { tokenTypes: [...TOKEN_TYPES], tokenModifiers: [...TOKEN_MODIFIERS] },
        full: true,
        range: true,
      },
      workspace: { workspaceFolders: { supported: true } },
    },
  };
}
