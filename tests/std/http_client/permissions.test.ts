/** What a caller without rights is refused, and TLS. */
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import { isPrivateAddress } from "../../../std/http_client/private_address.ts";
import assert from "node:assert/strict";
import { withApplication } from "../../application.ts";
import { asked, certificate, type Peer, withPeer } from "./peer.ts";

/** Asks as an actor whose rights are these policies. */
async function askedAs(policies: readonly ValueMap[], code: string, peer: Peer, extra = ""): Promise<void> {
  const entries = [
    ...policies.map((policy, i) => ({ name: `p${i}`, kind: "security.policy", policy })),
    {
      name: "inner",
      kind: "function.lua",
      method: "main",
      modules: ["http_client"],
      source: `return { main = function(origin, port, extra)
local function refused(message, url, options)
  local none, err = http_client.get(url, options)
  assert(none == nil and err, "not refused: " .. url)
  assert(err:kind() == errors.PERMISSION_DENIED and err:message() == message and err:retryable() == false, tostring(err))
end
${code}
end }`,
    },
    {
      name: "main",
      kind: "function.lua",
      method: "main",
      modules: ["funcs", "security"],
      source: `return { main = function(...)
  local scope = security.new_scope({ ${
        policies.map((_, i) => `assert(security.policy("app:p${i}"))`).join(", ")
      } })
  local _, err = funcs.new():with_actor(security.new_actor("somebody", {})):with_scope(scope):call("app:inner", ...)
  assert(err == nil, tostring(err))
end }`,
    },
  ];
  const project = JSON.stringify({ version: "1.0", namespace: "app", entries });
  await withApplication(project, async (app) => {
    await app.call("app:main", peer.origin, peer.port, extra);
  });
}

const ALL = { actions: "*", resources: "*", effect: "allow" };

test("a URL must be allowed, each redirect's too [security.action.http.request] [httpc.errors]", () =>
  withPeer(async (peer) => {
    const allowed = { ...ALL, actions: "http_client.request", resources: `${peer.origin}/ok*` };
    await askedAs(
      [allowed, { ...ALL, actions: "http_client.private_ip" }],
      `
assert(http_client.get(origin .. "/ok").status_code == 200)
refused("not allowed: " .. origin .. "/secret", origin .. "/secret")
refused("not allowed: " .. origin .. "/secret", origin .. "/ok/away")
local responses, failures = http_client.request_batch({ { "GET", origin .. "/ok" }, { "GET", origin .. "/secret" } })
assert(responses[1].status_code == 200 and failures[2]:kind() == errors.PERMISSION_DENIED)`,
      peer,
    );
    assert.ok(peer.seen.every(({ url }) => url.startsWith("/ok")), "the refused were never asked");
  }, {
    paths: {
      "/ok/away": (_request, response) => response.writeHead(302, { Location: "/secret" }).end(),
    },
  }));

test("private addresses need a right of their own, by whatever name [httpc.ssrf] [security.action.http.private]", () =>
  withPeer(async (peer) => {
    await askedAs(
      [{ ...ALL, actions: "http_client.request" }],
      `
refused("not allowed: private IP 127.0.0.1", origin .. "/")
refused("not allowed: private IP 192.168.1.1", "http://192.168.1.1/admin")
refused("not allowed: private IP 10.0.0.8", "https://10.0.0.8/")
refused("not allowed: private IP 172.31.255.1", "http://172.31.255.1/")
refused("not allowed: private IP 127.0.0.1", "http://2130706433/")
refused("not allowed: private IP ::1", "http://[::1]:" .. port .. "/")
local none, err = http_client.get("http://localhost:" .. port .. "/")
assert(none == nil and err:message():find("^not allowed: private IP "), tostring(err))`,
      peer,
    );
    assert.equal(peer.seen.length, 0);
    await askedAs(
      [{ ...ALL, actions: "http_client.request" }, {
        ...ALL,
        actions: "http_client.private_ip",
        resources: "127.0.0.1",
      }],
      `assert(http_client.get(origin .. "/").status_code == 200)
refused("not allowed: private IP 192.168.1.1", "http://192.168.1.1/")`,
      peer,
    );
  }));

test("without actor and scope private addresses may be asked, unless security is strict [httpc.private]", async () => {
  await asked(`assert(http_client.get(origin).status_code == 200)`);
  await withPeer(async (peer) => {
    const entries = [{
      name: "main",
      kind: "function.lua",
      method: "main",
      modules: ["http_client"],
      source: `return { main = function(origin)
  local none, err = http_client.get(origin)
  assert(none == nil and err:kind() == errors.PERMISSION_DENIED, tostring(err))
  assert(not pcall(http_client.request) and not pcall(http_client.get, nil))
end }`,
    }];
    await withApplication(JSON.stringify({ version: "1.0", namespace: "app", entries }), async (app) => {
      await app.call("app:main", peer.origin);
    }, { config: { security: { strict_mode: true } } });
  });
});

test("sockets and unchecked certificates need rights of their own [security.action.http.unix] [security.action.http.tls]", () =>
  withPeer(
    async (peer) => {
      const rights = ["http_client.request", "http_client.private_ip"].map((actions) => ({
        ...ALL,
        actions,
      }));
      await askedAs(
        rights,
        `
refused("not allowed: unix socket /run/x.sock", "http://unix/", { unix_socket = "/run/x.sock" })
refused("not allowed: insecure TLS for " .. origin .. "/", origin .. "/", { tls = { insecure_skip_verify = true } })`,
        peer,
      );
      await askedAs(
        [...rights, { ...ALL, actions: "http_client.insecure_tls", resources: `${peer.origin}/` }],
        `assert(http_client.get(origin .. "/", { tls = { insecure_skip_verify = true } }).status_code == 200)`,
        peer,
      );
    },
    { tls: { cert: certificate("server.pem"), key: certificate("server.key") } },
  ));

test("TLS: own authorities, client certificates, names, or no check at all [httpc.opt.tls]", () =>
  asked(
    `
local function failed(options)
  local none, err = http_client.get(origin, options)
  assert(none == nil and err:kind() == errors.INTERNAL and err:retryable() == true, tostring(err))
end
failed(nil)
failed({ tls = { ca = extra.ca } })
local client = { cert = extra.cert, key = extra.key }
assert(http_client.get(origin, { tls = { ca = extra.ca, cert = client.cert, key = client.key } }).status_code == 200)
failed({ tls = { ca = extra.ca, cert = client.cert, key = client.key, server_name = "elsewhere.example" } })
assert(http_client.get(origin, { tls = { ca = extra.ca, cert = client.cert, key = client.key, server_name = "localhost" } }).status_code == 200)
assert(http_client.get(origin, { tls = { cert = client.cert, key = client.key, insecure_skip_verify = true } }).status_code == 200)
failed({ tls = { cert = client.cert, key = client.key } })`,
    undefined,
    {
      tls: {
        cert: certificate("server.pem"),
        key: certificate("server.key"),
        ca: certificate("authority.pem"),
        requestCert: true,
        rejectUnauthorized: true,
      },
      extra: {
        ca: certificate("authority.pem"),
        cert: certificate("client.pem"),
        key: certificate("client.key"),
      },
    },
  ));

test("addresses of this machine, its link and private networks are private", () => {
  const isPrivate = [
    "127.0.0.1 127.255.0.9 10.1.2.3 172.16.0.1 172.31.9.9 192.168.0.1 169.254.169.254 0.0.0.0 100.64.0.1",
    "::1 :: fe80::1 fe80::1%eth0 fd00::1 fc00:1::2 ::ffff:10.0.0.1 ::ffff:7f00:1 ::127.0.0.1 64:ff9b::10.0.0.1 2002:7f00:1::1",
  ].join(" ").split(" ");
  const isPublic =
    "8.8.8.8 172.15.0.1 172.32.0.1 192.169.0.1 100.128.0.1 2001:db8::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1"
      .split(" ");
  assert.deepEqual(isPrivate.filter((address) => !isPrivateAddress(address)), []);
  assert.deepEqual(isPublic.filter((address) => isPrivateAddress(address)), []);
});
