/** TLS and client certificates. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { test } from "node:test";
import { type EntryFields, handler, server, withGateway } from "./gateway.ts";

const HELLO = handler("hello", "/hello", 'res:write("hello")');

function pem(name: string): string {
  return readFileSync(new URL(`./certificates/${name}`, import.meta.url), "utf8");
}

/** Boots with this server and expects a refusal. */
function refused(fields: EntryFields, reason: RegExp): Promise<void> {
  return assert.rejects(withGateway([server(fields)], () => Promise.resolve()), reason);
}

/** Sends GET / over TLS; the status, or "refused" when the connection is. */
function secure(port: number, client?: string): Promise<number | "refused"> {
  const { promise, resolve } = Promise.withResolvers<number | "refused">();
  const identity = client === undefined ? {} : { cert: pem(`${client}.pem`), key: pem(`${client}.key`) };
  const sent = httpsRequest(
    { host: "localhost", port, path: "/hello", ca: pem("authority.pem"), agent: false, ...identity },
    (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode!));
    },
  );
  sent.on("error", () => resolve("refused"));
  sent.end();
  return promise;
}

const TLS = { mode: "manual", cert: pem("server.pem"), key: pem("server.key") };

test("a server speaks TLS with its certificate [kind.http.service.tls] [kind.http.service.tls.manual]", async () => {
  await withGateway([server({ tls: TLS }), ...HELLO], async ({ port }) => {
    assert.equal(await secure(port), 200);
    assert.equal(await secure(port, "client"), 200);
  });
  const files = {
    "src/certs/server.pem": pem("server.pem"),
    "src/certs/server.key": pem("server.key"),
  };
  const tls = { mode: "manual", cert: "file://./certs/server.pem", key: "file://./certs/server.key" };
  await withGateway([server({ tls }), ...HELLO], async ({ port }) => assert.equal(await secure(port), 200), {
    files,
  });
  await withGateway(
    [server({ tls: { mode: "" } }), ...HELLO],
    async ({ text }) => assert.equal(await text("/hello"), "hello"),
  );
});

test("a certificate may come from the environment [kind.http.service.tls.manual]", async () => {
  const entries = [
    {
      name: "vault",
      kind: "env.storage.static",
      values: { CERT: pem("server.pem"), KEY: pem("server.key") },
    },
    { name: "cert", kind: "env.variable", variable: "CERT", storage: "vault" },
    { name: "key", kind: "env.variable", variable: "KEY", storage: "vault" },
    server({ tls: { mode: "manual", cert: "${env:CERT}", key: "${env:app:key}" } }),
    ...HELLO,
  ];
  await withGateway(entries, async ({ port }) => assert.equal(await secure(port), 200));
});

test("TLS settings that do not fit are refused [kind.http.service.tls] [kind.http.service.tls.manual] [kind.http.service.mtls]", async () => {
  await refused({ tls: { mode: "manual", cert: TLS.cert } }, /mode manual needs cert and key/);
  await refused(
    { tls: { mode: "auto", cert: TLS.cert, key: TLS.key } },
    /mode auto takes no cert and no key/,
  );
  await refused({ tls: { mode: "auto" } }, /mode auto needs a network that supplies certificates/);
  await refused({ tls: { mode: "some" } }, /tls\.mode/);
  await refused({ tls: { ...TLS, client_auth: "maybe" } }, /tls\.client_auth/);
  await refused(
    { tls: { ...TLS, client_auth: "require_and_verify" } },
    /client_auth require_and_verify needs client_ca/,
  );
  await refused(
    { tls: { ...TLS, client_auth: "verify_if_given" } },
    /client_auth verify_if_given needs client_ca/,
  );
});

test("client certificates are wanted as configured [kind.http.service.mtls]", async () => {
  const expected = {
    request: [200, 200, 200],
    require_any: ["refused", 200, 200],
    verify_if_given: [200, 200, "refused"],
    require_and_verify: ["refused", 200, "refused"],
  };
  for (const [mode, outcome] of Object.entries(expected)) {
    const tls = { ...TLS, client_auth: mode, client_ca: pem("authority.pem") };
    await withGateway([server({ tls }), ...HELLO], async ({ port }) => {
      assert.deepEqual(
        [await secure(port), await secure(port, "client"), await secure(port, "stranger")],
        outcome,
        mode,
      );
    });
  }
});

test("behind a check of certificates handlers still see the client's address [kind.http.service.mtls]", async () => {
  const tls = { ...TLS, client_auth: "require_any" };
  const entries = [
    server({ tls }),
    ...handler(
      "hello",
      "/hello",
      "res:set_status(req:remote_addr():match('^127%.0%.0%.1:%d+$') and 201 or 500) res:flush()",
    ),
  ];
  await withGateway(entries, async ({ port }) => assert.equal(await secure(port, "client"), 201));
});
