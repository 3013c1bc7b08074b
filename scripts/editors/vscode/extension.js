/** Starts the language server, or connects to the one of an application that runs. */
import { connect } from "node:net";
import { commands, workspace } from "vscode";
import { LanguageClient } from "vscode-languageclient/node.js";

/** @type {LanguageClient | undefined} */
let client;

/** @param {string} address */
function connected(address) {
  const colon = address.lastIndexOf(":");
  const socket = connect(Number(address.slice(colon + 1)), address.slice(0, colon) || "localhost");
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("connect", () => resolve({ reader: socket, writer: socket }));
  });
}

async function start() {
  const settings = workspace.getConfiguration("wippy");
  const address = settings.get("address", "");
  const [command, ...args] = settings.get("command", ["wippy", "lsp"]);
  const server = address === "" ? { command, args } : () => connected(address);
  client = new LanguageClient("wippy", "Wippy", server, {
    documentSelector: [
      { scheme: "file", language: "lua" },
      { scheme: "file", pattern: "**/_index.{yaml,yml}" },
      { scheme: "wippy" },
    ],
  });
  await client.start();
}

/** @param {import("vscode").ExtensionContext} context */
export async function activate(context) {
  context.subscriptions.push(commands.registerCommand("wippy.restart", async () => {
    await client?.stop();
    await start();
  }));
  await start();
}

export async function deactivate() {
  await client?.stop();
}
