/**
 * One client's conversation: from `initialize` to `exit`, its open documents, what it is told unasked.
 *
 * SV1. Before `initialize` and after `shutdown` requests are refused, as the protocol says.
 * SV2. A mistake of this program while it answers one request is told to the client as that request's failure; the conversation
 *      goes on.
 * SV3. What is wrong with a document is told once what came in together has been taken: many key strokes are one check.
 */
import {
  type CancellationToken,
  createMessageConnection,
  type InitializeParams,
  type MessageConnection,
  type MessageReader,
  type MessageWriter,
  ResponseError,
} from "vscode-languageserver-protocol/node";
import type * as P from "vscode-languageserver-protocol";
import type { Clock, Threads } from "../ports/mod.ts";
import { encodingFor, initializeResult } from "./capabilities.ts";
import { diagnosticsOf } from "./diagnostics.ts";
import { INVALID_REQUEST } from "./framing.ts";
import { Indexer } from "./indexer.ts";
import { RenameRefused } from "./navigation.ts";
import { isProject } from "./project_files.ts";
import { type IsCancelled, Requests } from "./requests.ts";
import { Text } from "./text.ts";
import { parseUri } from "./uris.ts";
import { Workspace, type WorkspaceOptions } from "./workspace.ts";

/** What a conversation is held with. */
export interface ServerOptions extends Omit<WorkspaceOptions, "encoding" | "roots"> {
  readonly clock: Clock;
  /** For the index of a large project; made on this thread without them. */
  readonly threads?: Threads;
  readonly threadCount?: number;
  readonly version: string;
  /** Folders of the project; those that the client names when absent. */
  readonly roots?: readonly string[];
  /** The folder when neither says anything. */
  readonly defaultRoot: string;
}

const NOT_INITIALIZED = -32002;
const REQUEST_FAILED = -32803;
const CANCELLED = -32800;
const INTERNAL_ERROR = -32603;

type State = "new" | "open" | "shut";

/** A conversation with one client. */
export class LanguageServer {
  readonly #options: ServerOptions;
  readonly #connection: MessageConnection;
  #state: State = "new";
  #workspace: Workspace | undefined;
  #requests: Requests | undefined;
  #indexer: Indexer | undefined;
  #client: InitializeParams["capabilities"] = {};
  #versions = new Map<string, number>();
  #isScheduled = false;
  #isClosed = false;
  readonly #ended = Promise.withResolvers<number>();

  constructor(options: ServerOptions, reader: MessageReader, writer: MessageWriter) {
    this.#options = options;
    this.#connection = createMessageConnection(reader, writer);
    this.#register();
    this.#connection.onClose(() => this.#end());
    this.#connection.onError(() => this.#end());
  }

  /** Begins; resolves with 0 after an orderly end, 1 when the client went away before `shutdown`. */
  run(): Promise<number> {
    this.#connection.listen();
    return this.#ended.promise;
  }

  /** Entries of the running application changed. */
  entriesChanged(): void {
    this.#workspace?.entriesChanged();
    this.#tellSoon();
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#indexer?.stop();
    this.#ended.resolve(this.#state === "shut" ? 0 : 1);
    this.#connection.dispose();
  }

  #register(): void {
    const connection = this.#connection;
    connection.onRequest("initialize", (params: InitializeParams) => this.#initialize(params));
    connection.onNotification("initialized", () => this.#initialized());
    connection.onRequest("shutdown", () => {
      this.#demandOpen();
      this.#state = "shut";
      this.#indexer?.stop();
      return null;
    });
    connection.onNotification("exit", () => this.#end());
    this.#registerDocuments();
    const on = <Params>(
      method: string,
      answer: (requests: Requests, params: Params, isCancelled: IsCancelled) => unknown,
    ): void => {
      connection.onRequest(method, (params: Params, token: CancellationToken): unknown => {
        const requests = this.#demandOpen();
        const isCancelled = (): boolean => token.isCancellationRequested;
        if (isCancelled()) return new ResponseError(CANCELLED, "cancelled");
        try {
          const found = answer(requests, params, isCancelled);
          return isCancelled() ? new ResponseError(CANCELLED, "cancelled") : found;
        } catch (error) {
          return failureOf(error, method);
        }
      });
    };
    on("textDocument/hover", (requests, params: P.HoverParams) => requests.hover(params));
    on("textDocument/completion", (requests, params: P.CompletionParams) => requests.completion(params));
    on(
      "textDocument/signatureHelp",
      (requests, params: P.SignatureHelpParams) => requests.signatureHelp(params),
    );
    on("textDocument/definition", (requests, params: P.DefinitionParams) => requests.definition(params));
    on(
      "textDocument/references",
      (requests, params: P.ReferenceParams, isCancelled) => requests.references(params, isCancelled),
    );
    on(
      "textDocument/documentHighlight",
      (requests, params: P.DocumentHighlightParams) => requests.highlights(params),
    );
    on(
      "textDocument/prepareRename",
      (requests, params: P.PrepareRenameParams) => requests.prepareRename(params),
    );
    on("textDocument/rename", (requests, params: P.RenameParams) => requests.rename(params));
    on(
      "textDocument/documentSymbol",
      (requests, params: P.DocumentSymbolParams) => requests.documentSymbols(params),
    );
    on(
      "workspace/symbol",
      (requests, params: P.WorkspaceSymbolParams, isCancelled) =>
        requests.workspaceSymbols(params, isCancelled),
    );
    on(
      "textDocument/semanticTokens/full",
      (requests, params: P.SemanticTokensParams) => requests.semanticTokens(params),
    );
    on(
      "textDocument/semanticTokens/range",
      (requests, params: P.SemanticTokensRangeParams) => requests.semanticTokens(params, params.range),
    );
    on(
      "textDocument/formatting",
      (requests, params: P.DocumentFormattingParams) => requests.formatting(params),
    );
    on(
      "textDocument/rangeFormatting",
      (requests, params: P.DocumentRangeFormattingParams) => requests.rangeFormatting(params),
    );
    on("textDocument/codeAction", (requests, params: P.CodeActionParams) => requests.codeActions(params));
    on(
      "textDocument/diagnostic",
      (requests, params: P.DocumentDiagnosticParams) => requests.diagnostic(params),
    );
    on(
      "textDocument/prepareCallHierarchy",
      (requests, params: P.CallHierarchyPrepareParams) => requests.prepareCallHierarchy(params),
    );
    on(
      "callHierarchy/incomingCalls",
      (requests, params: P.CallHierarchyIncomingCallsParams) => requests.incomingCalls(params),
    );
    on(
      "callHierarchy/outgoingCalls",
      (requests, params: P.CallHierarchyOutgoingCallsParams) => requests.outgoingCalls(params),
    );
  }

  #registerDocuments(): void {
    const connection = this.#connection;
    connection.onNotification("textDocument/didOpen", ({ textDocument }: P.DidOpenTextDocumentParams) => {
      const workspace = this.#workspace;
      if (workspace === undefined) return;
      this.#versions.set(textDocument.uri, textDocument.version);
      workspace.set(textDocument.uri, new Text(textDocument.text, workspace.encoding));
      this.#tellSoon();
    });
    connection.onNotification("textDocument/didChange", (params: P.DidChangeTextDocumentParams) => {
      const { uri, version } = params.textDocument;
      const workspace = this.#workspace;
      if (workspace === undefined || !workspace.isOpen(uri)) return;
      this.#versions.set(uri, version);
      workspace.set(uri, workspace.text(uri)!.changed(params.contentChanges));
      this.#tellSoon();
    });
    connection.onNotification(
      "textDocument/didClose",
      ({ textDocument: { uri } }: P.DidCloseTextDocumentParams) => {
        const workspace = this.#workspace;
        if (workspace === undefined || !workspace.isOpen(uri)) return;
        this.#versions.delete(uri);
        workspace.set(uri, undefined);
        this.#tell(uri, []);
        this.#told.delete(uri);
        this.#tellSoon();
      },
    );
    connection.onNotification("textDocument/didSave", () => {});
    connection.onNotification(
      "workspace/didChangeWatchedFiles",
      ({ changes }: P.DidChangeWatchedFilesParams) => {
        for (const { uri } of changes) {
          const name = parseUri(uri);
          if (name.kind === "file") this.#workspace?.fileChanged(name.path);
        }
        this.#tellSoon();
      },
    );
    connection.onNotification("$/setTrace", () => {});
    connection.onNotification("workspace/didChangeConfiguration", () => {});
  }

  #initialize(params: InitializeParams): P.InitializeResult | ResponseError<void> {
    if (this.#state !== "new") return new ResponseError(INVALID_REQUEST, "initialize was sent before");
    this.#client = params.capabilities ?? {};
    const encoding = encodingFor({ ...params, capabilities: this.#client });
    const roots = this.#options.roots ?? this.#rootsOf(params);
    this.#workspace = new Workspace({ ...this.#options, encoding, roots });
    this.#requests = new Requests(this.#workspace);
    const { clock, threadCount = 1, threads } = this.#options;
    this.#indexer = new Indexer({ workspace: this.#workspace, clock, threadCount, threads });
    this.#state = "open";
    return initializeResult(encoding, this.#options.version);
  }

  /** The folders that the client names; else the one this was started in, when it is a project: it may be anything. */
  #rootsOf(params: InitializeParams): string[] {
    const named = params.workspaceFolders?.map(({ uri }) => uri) ?? (params.rootUri ? [params.rootUri] : []);
    const paths = named.map(parseUri).flatMap((name) => name.kind === "file" ? [name.path] : []);
    if (paths.length > 0) return paths;
    const root = params.rootPath ?? this.#options.defaultRoot;
    return isProject(this.#options.files, root) ? [root] : [];
  }

  #initialized(): void {
    if (this.#client.workspace?.didChangeWatchedFiles?.dynamicRegistration === true) {
      const watchers = [{ globPattern: "**/*.lua" }, { globPattern: "**/*.{yaml,yml}" }, {
        globPattern: "**/wippy.lock",
      }];
      const registrations = [{
        id: "files",
        method: "workspace/didChangeWatchedFiles",
        registerOptions: { watchers },
      }];
      this.#ask("client/registerCapability", { registrations });
    }
    this.#indexer?.begin();
  }

  #demandOpen(): Requests {
    if (this.#requests === undefined) throw new ResponseError(NOT_INITIALIZED, "initialize comes first");
    if (this.#state === "shut") throw new ResponseError(INVALID_REQUEST, "after shutdown only exit may come");
    return this.#requests;
  }

  /** Tells what is wrong with the open documents, once what is waiting has been taken. */
  #tellSoon(): void {
    this.#indexer?.changed();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.clock.soon(() => {
      this.#isScheduled = false;
      const workspace = this.#workspace;
      if (workspace === undefined || this.#isClosed || this.#state !== "open") return;
      if (this.#client.textDocument?.diagnostic !== undefined) {
        if (this.#client.workspace?.diagnostics?.refreshSupport === true) {
          this.#ask("workspace/diagnostic/refresh");
        }
        return;
      }
      for (const uri of workspace.openUris()) {
        const found = diagnosticsOf(workspace, uri);
        if (found !== undefined) this.#tell(uri, found, this.#versions.get(uri));
      }
    });
  }

  readonly #told = new Map<string, string>();

  #tell(uri: string, diagnostics: readonly P.Diagnostic[], version?: number): void {
    if (this.#client.textDocument?.diagnostic !== undefined) return;
    const text = JSON.stringify([version, diagnostics]);
    if (this.#told.get(uri) === text) return;
    this.#told.set(uri, text);
    const params = { uri, diagnostics, ...(version === undefined ? {} : { version }) };
    this.#connection.sendNotification("textDocument/publishDiagnostics", params).catch(() => this.#end());
  }

  /** Asks the client for something that may fail. */
  #ask(method: string, params?: object): void {
    this.#connection.sendRequest(method, params).catch(() => {
      // The client can't; nothing depends on it.
    });
  }
}

function failureOf(error: unknown, method: string): ResponseError<void> {
  if (error instanceof ResponseError) return error;
  if (error instanceof RenameRefused) return new ResponseError(REQUEST_FAILED, error.message);
  const message = error instanceof Error ? error.message : String(error);
  return new ResponseError(INTERNAL_ERROR, `${method}: ${message}`);
}
