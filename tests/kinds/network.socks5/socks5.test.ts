/** Requests through SOCKS5 proxies: who chooses one, who inherits it, and what the proxy is told. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { certificate, withPeer } from "../../std/http_client/peer.ts";
import { type Proxy, withProxy } from "./proxy.ts";

const ASK = `return { main = function(url, options)
  local response, err = http_client.get(url, options)
  if err then return { kind = err:kind(), message = err:message(), retryable = err:retryable() } end
  return response.body
end }`;

function functionEntry(name: string, source: string): ValueMap {
  return {
    name,
    kind: "function.lua",
    method: "main",
    modules: ["http_client", "funcs", "security", "registry"],
    source,
  };
}

/** An application with the overlay `app:out`. */
function withOverlay(
  overlay: ValueMap,
  entries: readonly ValueMap[],
  body: (app: TestApplication) => Promise<void>,
): Promise<void> {
  const all = [
    { name: "out", kind: "network.socks5", host: "127.0.0.1", ...overlay },
    { name: "host", kind: "process.host", lifecycle: { auto_start: true } },
    functionEntry("ask", ASK),
    ...entries,
  ];
  return withApplication(JSON.stringify({ version: "1.0", namespace: "app", entries: all }), body);
}

function bothRunning(
  body: (proxy: Proxy, origin: string, port: number) => Promise<void>,
  password?: string,
): Promise<void> {
  return withProxy(
    (proxy) => withPeer(({ origin, port }) => body(proxy, origin, port)),
    password,
  );
}

test("a call goes through the overlay it names, and so does the look-up [httpc.opt.overlay] [kind.network.socks5]", () =>
  bothRunning(async (proxy, _origin, port) => {
    await withOverlay(
      { port: proxy.port, username: "somebody", password: "secret" },
      [],
      async (app) => {
        const url = `http://hidden.example:${port}/teapot`;
        assert.equal(await app.call("app:ask", url, { overlay_network: "app:out" }), "short and stout");
      },
    );
    assert.deepEqual(proxy.connections, [{
      host: "hidden.example",
      port,
      user: "somebody",
      password: "secret",
    }]);
  }, "secret"));

test("what is sent goes by the proxy's connection and by no other, plain and secure [httpc.opt.overlay]", () =>
  withProxy((proxy) =>
    withPeer((plain) =>
      withPeer(
        ({ port }) =>
          withOverlay({ port: proxy.port }, [], async (app) => {
            // On this machine nobody is there: only the proxy knows where these lead.
            proxy.ports.set(1, plain.port).set(2, port);
            const options = { overlay_network: "app:out", tls: { ca: certificate("authority.pem") } };
            for (const url of ["http://localhost:1/teapot", "https://localhost:2/teapot"]) {
              assert.equal(await app.call("app:ask", url, options), "short and stout");
            }
            assert.deepEqual(proxy.connections.map(({ port }) => port), [1, 2]);
          }),
        { tls: { cert: certificate("server.pem"), key: certificate("server.key") } },
      )
    )
  ));

test("TLS runs inside the overlay and checks the name [httpc.opt.overlay]", () =>
  withProxy((proxy) =>
    withPeer(async ({ port }) => {
      await withOverlay({ port: proxy.port }, [], async (app) => {
        const ask = (host: string) =>
          app.call("app:ask", `https://${host}:${port}/teapot`, {
            overlay_network: "app:out",
            tls: { ca: certificate("authority.pem") },
          });
        assert.equal(await ask("localhost"), "short and stout");
        assert.equal((await ask("elsewhere.example") as ValueMap)["kind"], "Internal");
      });
    }, { tls: { cert: certificate("server.pem"), key: certificate("server.key") } })
  ));

test("a proxy that fails is never gone around [httpc.opt.overlay]", () =>
  withPeer(async ({ origin, seen }) => {
    await withOverlay({ port: 1 }, [], async (app) => {
      const failure = await app.call("app:ask", `${origin}/`, { overlay_network: "app:out" }) as ValueMap;
      assert.equal(failure["kind"], "Internal");
      assert.equal(failure["retryable"], true);
      assert.match(String(failure["message"]), /socks5 proxy 127\.0\.0\.1:1: /);
      const unknown = await app.call("app:ask", `${origin}/`, { overlay_network: "app:none" }) as ValueMap;
      assert.equal(unknown["kind"], "NotFound");
      assert.equal(unknown["message"], "network not found: app:none");
    });
    assert.equal(seen.length, 0);
  }));

test("a proxy that never answers holds nobody longer than the caller waits [httpc.opt.overlay]", async () => {
  const silent = createServer();
  const held = new Set<Socket>();
  silent.on("connection", (socket) => held.add(socket));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as AddressInfo;
  try {
    await withOverlay({ port }, [], async (app) => {
      const options = { overlay_network: "app:out", timeout: "50ms" };
      const failure = await app.call("app:ask", "http://hidden.example/", options) as ValueMap;
      assert.match(String(failure["message"]), /timed out after 0\.05s/);
    });
  } finally {
    for (const socket of held) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  }
});

test("each isolated connection brings credentials of its own [kind.network.socks5]", () =>
  bothRunning(async (proxy, origin) => {
    await withOverlay({ port: proxy.port, isolate_streams: true }, [], async (app) => {
      for (let i = 0; i < 3; i++) await app.call("app:ask", `${origin}/`, { overlay_network: "app:out" });
    });
    const users = new Set(proxy.connections.map(({ user }) => user));
    assert.equal(users.size, 3);
    assert.ok([...users].every((user) => user.length >= 16));
  }));

test("calls and spawned processes inherit the overlay until another is chosen [process.network-inheritance] [net.select] [kind.network.inherit]", () =>
  bothRunning(async (proxy, origin) => {
    const entries = [
      functionEntry(
        "nested",
        `return { main = function(url) return (funcs.call("app:ask", url)) end }`,
      ),
      {
        name: "worker",
        kind: "process.lua",
        method: "main",
        modules: ["http_client"],
        source: `return { main = function(url) return http_client.get(url).body end }`,
      },
      functionEntry(
        "spawning",
        `return { main = function(url, network)
  if network then
    assert(process.with_options({ network = network }):spawn_monitored("app:worker", "app:host", url))
  else
    assert(process.spawn_monitored("app:worker", "app:host", url))
  end
  return process.events():receive().result.value
end }`,
      ),
      functionEntry(
        "main",
        `return { main = function(target, url, network, ...)
  return (assert(funcs.new():with_options({ network = network }):call(target, url, ...)))
end }`,
      ),
    ];
    await withOverlay({ port: proxy.port }, entries, async (app) => {
      const counted = async (...args: Parameters<TestApplication["call"]>): Promise<number> => {
        const before = proxy.connections.length;
        assert.equal(await app.call(...args), "short and stout");
        return proxy.connections.length - before;
      };
      const url = `${origin}/teapot`;
      assert.equal(await counted("app:nested", url), 0, "nothing is chosen");
      assert.equal(await counted("app:main", "app:nested", url, "app:out"), 1, "two calls deep");
      assert.equal(await counted("app:main", "app:nested", url, ""), 0, "cleared");
      assert.equal(await counted("app:main", "app:spawning", url, "app:out"), 1, "a process inherits");
      assert.equal(await counted("app:spawning", url, "app:out"), 1, "a process is given one");
    });
  }));

test("work that chooses no overlay goes through the configured one [net.select] [config.network]", () =>
  bothRunning(async (proxy, origin) => {
    const entries = [
      { name: "out", kind: "network.socks5", host: "127.0.0.1", port: proxy.port },
      functionEntry("ask", ASK),
    ];
    const project = JSON.stringify({ version: "1.0", namespace: "app", entries });
    await withApplication(project, async (app) => {
      assert.equal(await app.call("app:ask", `${origin}/teapot`), "short and stout");
    }, { config: { network_service: { default_network: "app:out" } } });
    assert.equal(proxy.connections.length, 1);
  }));

test("choosing an overlay needs a right, inheriting one does not [security.action.network.select]", () =>
  bothRunning(async (proxy, origin) => {
    const entries = [
      { name: "all", kind: "security.policy", policy: { actions: "*", resources: "*", effect: "allow" } },
      {
        name: "no_overlay",
        kind: "security.policy",
        policy: { actions: "network.select", resources: "app:out", effect: "deny" },
      },
      functionEntry(
        "main",
        `return { main = function(url, ...)
  local scope = security.new_scope({ assert(security.policy("app:all")), assert(security.policy("app:no_overlay")) })
  local executor = funcs.new():with_options({ network = "app:out" })
  executor = executor:with_actor(security.new_actor("somebody", {})):with_scope(scope)
  return (assert(executor:call("app:ask", url, ...)))
end }`,
      ),
    ];
    await withOverlay({ port: proxy.port }, entries, async (app) => {
      assert.equal(await app.call("app:main", `${origin}/teapot`), "short and stout");
      assert.equal(proxy.connections.length, 1);
      const refused = await app.call("app:main", `${origin}/`, { overlay_network: "app:out" }) as ValueMap;
      assert.equal(refused["kind"], "PermissionDenied");
      assert.equal(refused["message"], "not allowed: network app:out");
    });
  }));

test("an overlay is exchanged while it is used; a wrong change leaves the old one [kind.network.swap]", () =>
  bothRunning(async (first, origin) => {
    await withProxy(async (second) => {
      const change = functionEntry(
        "change",
        `return { main = function(port)
  local changes = registry.snapshot():changes()
  changes:update({ id = "app:out", kind = "network.socks5", data = { host = "127.0.0.1", port = port } })
  local _, err = changes:apply()
  return err and err:message() or "applied"
end }`,
      );
      await withOverlay({ port: first.port }, [change], async (app) => {
        const ask = () => app.call("app:ask", `${origin}/teapot`, { overlay_network: "app:out" });
        await ask();
        assert.equal(await app.call("app:change", second.port), "applied");
        await ask();
        assert.match(String(await app.call("app:change", 0)), /port/);
        assert.equal(await ask(), "short and stout");
      });
      assert.equal(first.connections.length, 1);
      assert.equal(second.connections.length, 2);
    });
  }));

test("a proxy's port is checked when the entry is loaded [kind.network.socks5]", async () => {
  for (const port of [0, 65_536]) {
    await assert.rejects(withOverlay({ port }, [], async () => {}), /app:out: port: /);
  }
});
