/** Contract of the LocalSockets port. */
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import type { Failure } from "../../src/core/mod.ts";
import { SystemSockets } from "../../src/platform/mod.ts";
import type { LocalConnection } from "../../src/ports/mod.ts";
import { inWorld } from "./worlds.ts";

const text = (data: Uint8Array): string => new TextDecoder().decode(data);
const bytes = (data: string): Uint8Array => new TextEncoder().encode(data);

test("local sockets: what one end writes reaches the other, and closing is told to both", () =>
  inWorld("system", async ({ folder }) => {
    const sockets = new SystemSockets();
    const path = `${folder}/a.sock`;
    const serverClosed = Promise.withResolvers<void>();
    const listener = await sockets.listen(path, () => ({
      data: (connection, data) => {
        connection.write(bytes(`echo ${text(data)}`));
        if (text(data) === "end") connection.end();
      },
      closed: () => serverClosed.resolve(),
    }));
    const got: string[] = [];
    const answered = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const connection: LocalConnection = await sockets.connect(path, {
      data: (_connection, data) => {
        got.push(text(data));
        answered.resolve();
      },
      closed: () => closed.resolve(),
    });
    connection.write(bytes("hello"));
    await answered.promise;
    connection.write(bytes("end"));
    await closed.promise;
    await serverClosed.promise;
    assert.equal(got.join(" "), "echo hello echo end");
    connection.write(bytes("too late"));
    await listener.close();
  }));

test("local sockets: only the owner may open the file, and it goes with the listener", () =>
  inWorld("system", async ({ folder, ports: { files } }) => {
    const path = `${folder}/b.sock`;
    const before = process.umask();
    const listener = await new SystemSockets().listen(path, () => ({ data: () => {}, closed: () => {} }));
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(process.umask(), before);
    await listener.close();
    assert.equal(files.stat(path), undefined);
  }));

test("local sockets: nobody there, or something in the way, is Unavailable", () =>
  inWorld("system", async ({ folder, ports: { files } }) => {
    const sockets = new SystemSockets();
    const unavailable = (error: Failure): boolean => error.kind === "Unavailable";
    const handlers = { data: () => {}, closed: () => {} };
    await assert.rejects(sockets.connect(`${folder}/none.sock`, handlers), unavailable);
    files.writeFile(`${folder}/file`, "x");
    await assert.rejects(sockets.connect(`${folder}/file`, handlers), unavailable);
    await assert.rejects(sockets.listen(`${folder}/file`, () => handlers), unavailable);
  }));
