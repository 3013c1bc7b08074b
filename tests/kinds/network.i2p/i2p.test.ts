/** Connections and servers through the SAM bridge of an I2P router. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import type { Entry } from "../../../src/registry/mod.ts";
import { type ApplicationTestOptions, type TestApplication, withApplication } from "../../application.ts";
import { withPeer } from "../../std/http_client/peer.ts";
import { handler, router, server } from "../http/gateway.ts";
import { type Bridge, withBridge } from "./bridge.ts";

const ASK = `return { main = function(url, options)
  local response, err = http_client.get(url, options)
  if err then return { kind = err:kind(), message = err:message(), retryable = err:retryable() } end
  return response.body
end }`;

function withNetwork(
  { port }: Bridge,
  entries: readonly ValueMap[],
  body: (app: TestApplication) => Promise<void>,
  options: ApplicationTestOptions & { network?: ValueMap } = {},
): Promise<void> {
  const all = [
    { name: "i2p", kind: "network.i2p", host: "127.0.0.1", port, session_name: "wippy", ...options.network },
    { name: "ask", kind: "function.lua", method: "main", modules: ["http_client"], source: ASK },
    ...entries,
  ];
  return withApplication(
    JSON.stringify({ version: "1.0", namespace: "app", entries: all }),
    body,
    options,
  );
}

const OVERLAY = { overlay_network: "app:i2p" };

/** A server on the network, and what it answers. */
function gateway(fields: ValueMap = {}): ValueMap[] {
  return [
    server({ addr: ":8080", network: "i2p", ...fields }),
    router("api", "/"),
    ...handler("hello", "/hello", 'res:write("hello")'),
  ];
}

function permitted(actions: string[]): ValueMap[] {
  return [{
    name: "policy",
    kind: "security.policy",
    policy: { actions, resources: ["app:i2p"], effect: "allow" },
  }];
}

const IDENTITY = (start = true): ValueMap => ({
  lifecycle: { auto_start: start, security: { actor: { id: "gateway" }, policies: ["app:policy"] } },
});

test("requests go through the bridge, in one session, to where a name leads [kind.network.i2p]", () =>
  withBridge((bridge) =>
    withPeer(({ port }) =>
      withNetwork(bridge, [], async (app) => {
        bridge.names.set("site.i2p", port);
        for (let i = 0; i < 2; i++) {
          assert.equal(await app.call("app:ask", "http://site.i2p/teapot", OVERLAY), "short and stout");
        }
        assert.deepEqual(bridge.said, [
          "HELLO VERSION MIN=3.0 MAX=3.3",
          "SESSION CREATE STYLE=STREAM ID=wippy DESTINATION=TRANSIENT SIGNATURE_TYPE=7",
          ...[1, 2].flatMap(() => [
            "HELLO VERSION MIN=3.0 MAX=3.3",
            "NAMING LOOKUP NAME=site.i2p",
            "STREAM CONNECT ID=wippy DESTINATION=to-site.i2p SILENT=false",
          ]),
        ]);
      })
    )
  ));

test("what the bridge refuses is a failure of the network that names it; a session that was cut is opened again [kind.network.i2p]", () =>
  withBridge((bridge) =>
    withPeer(({ port }) =>
      withNetwork(bridge, [], async (app) => {
        const failed = (message: string): ValueMap => ({
          kind: "Internal",
          message: `GET http://none.i2p/: I2P bridge 127.0.0.1:${bridge.port}: ${message}`,
          retryable: true,
        });
        const ask = () => app.call("app:ask", "http://none.i2p/", OVERLAY);
        bridge.answers.set(
          "SESSION CREATE",
          'SESSION STATUS RESULT=I2P_ERROR MESSAGE="no \\"tunnels\\" yet"',
        );
        assert.deepEqual(await ask(), failed('I2P_ERROR: no "tunnels" yet'));
        bridge.answers.set("SESSION CREATE", "HTTP/1.1 400 Bad Request");
        assert.deepEqual(await ask(), failed("not an answer of SAM"));
        bridge.answers.clear();
        assert.deepEqual(await ask(), failed("KEY_NOT_FOUND: none.i2p"));
        bridge.cut();
        bridge.names.set("site.i2p", port);
        await app.until(
          async () => await app.call("app:ask", "http://site.i2p/teapot", OVERLAY) === "short and stout",
          "the new session",
        );
      })
    )
  ));

test("a bridge that is not there is said, and a name of a session that can't be one is refused [kind.network.i2p]", () =>
  withBridge(async (bridge) => {
    await withNetwork({ ...bridge, port: 1 }, [], async (app) => {
      const { kind, message } = await app.call("app:ask", "http://none.i2p/", OVERLAY) as ValueMap;
      assert.equal(kind, "Internal");
      assert.match(message as string, /I2P bridge 127\.0\.0\.1:1: /);
    });
    await assert.rejects(
      withNetwork(bridge, [], () => Promise.resolve(), { network: { session_name: "a b" } }),
      /session_name "a b"/,
    );
  }));

test("a server listens on the network; its port is none of this machine's interfaces [net.bind] [security.action.network.bind]", () =>
  withBridge((bridge) =>
    withNetwork(bridge, [...permitted(["network.bind"]), ...gateway(IDENTITY())], async (app) => {
      const forwarded = bridge.forwarded()!;
      assert.ok(forwarded > 0);
      // Where the bridge brings those who come in.
      assert.equal(await (await fetch(`http://127.0.0.1:${forwarded}/hello`)).text(), "hello");
      assert.ok(bridge.said.includes(`STREAM FORWARD ID=wippy PORT=${forwarded} HOST=127.0.0.1 SILENT=true`));
      const told = app.logs.find(({ message }) => message === "server is reached through a network")!;
      assert.match(String(told.fields["address"]), /^[a-z2-7]{52}\.b32\.i2p$/);
      assert.equal(told.fields["network"], "app:i2p");
      await app.application.supervisor.stop("app:gateway");
      await app.until(() => bridge.forwarded() === undefined, "the place to be given up");
    })
  ));

test("a server that changes is brought to anew, and has not failed [net.bind]", () =>
  withBridge((bridge) =>
    withNetwork(bridge, gateway(), async (app) => {
      const before = bridge.forwarded()!;
      const { registry, supervisor } = app.application;
      const { name: _name, kind, meta: _meta, ...data } = server({
        addr: ":8080",
        network: "i2p",
        timeouts: { idle: "7s" },
      });
      const entry = { id: "app:gateway", kind: kind as string, meta: {}, data: data as Entry["data"] };
      await registry.apply([{ kind: "entry.update", entry }]);
      const after = await app.until(
        () => bridge.forwarded() === before ? undefined : bridge.forwarded(),
        "the new place",
      );
      assert.equal(await (await fetch(`http://127.0.0.1:${after}/hello`)).text(), "hello");
      assert.equal(supervisor.state("app:gateway")!.status, "running");
      assert.equal(bridge.said.filter((line) => line.startsWith("STREAM FORWARD")).length, 2);
      await supervisor.stop("app:gateway");
      await app.until(() => bridge.forwarded() === undefined, "the place to be given up");
    })
  ));

test("behind a bridge on another machine a server listens where its addr says, and warns when that is everywhere [net.bind]", () =>
  withBridge(async (bridge) => {
    const listen = (addr: string, body: (app: TestApplication) => Promise<void>) =>
      withNetwork(bridge, gateway({ addr }), body, {
        network: { host: "router.test" },
        nodeNetwork: (real) => ({
          listen: (...args) => real.listen(...args),
          connect: ({ port }, ...rest) => real.connect({ host: "127.0.0.1", port }, ...rest),
          openDatagrams: (...args) => real.openDatagrams(...args),
          machineAddress: () => real.machineAddress(),
        }),
      });
    const warned = ({ logs }: TestApplication) => logs.some(({ message }) => /every interface/.test(message));
    await listen("127.0.0.1:8080", async (app) => {
      const port = bridge.forwarded()!;
      assert.ok(bridge.said.includes(`STREAM FORWARD ID=wippy PORT=${port} SILENT=true`));
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/hello`)).text(), "hello");
      await assert.rejects(fetch(`http://127.0.0.2:${port}/hello`));
      assert.ok(!warned(app));
    });
    await listen(":8080", (app) => Promise.resolve(assert.ok(warned(app))));
  }));

test("a request whose time is over waits no longer for a bridge that says nothing [kind.network.i2p]", () =>
  withBridge((bridge) =>
    withNetwork(bridge, [], async (app) => {
      bridge.answers.set("HELLO VERSION", "");
      const { message } = await app.call("app:ask", "http://site.i2p/", {
        ...OVERLAY,
        timeout: "50ms",
      }) as ValueMap;
      assert.equal(message, "GET http://site.i2p/: timed out after 0.05s");
    })
  ));

test("a server that may not bind to the network does not start, and opens nothing [security.action.network.bind]", () =>
  withBridge(async (bridge) => {
    const start = (entries: ValueMap[], options: ApplicationTestOptions = {}) =>
      withNetwork(bridge, entries, () => Promise.resolve(), options);
    await assert.rejects(
      start([...permitted(["network.select"]), ...gateway(IDENTITY())]),
      /not allowed: bind to network app:i2p/,
    );
    // Without an identity of its own strict mode allows nothing.
    await assert.rejects(
      start(gateway(), { config: { security: { strict_mode: true } } }),
      /not allowed: bind to network app:i2p/,
    );
    assert.deepEqual(bridge.said, []);
    await start(gateway());
    assert.ok(bridge.said.length > 0);
  }));

test("a server whose bridge is lost has failed, and is started again when it is back [net.bind]", () =>
  withBridge((bridge) =>
    withNetwork(
      bridge,
      gateway({ lifecycle: { auto_start: true, restart: { initial_delay: "10ms" } } }),
      async (app) => {
        const before = bridge.forwarded()!;
        bridge.cut();
        const port = await app.until(
          () => bridge.forwarded() === before ? undefined : bridge.forwarded(),
          "the server to be back",
        );
        assert.equal(await (await fetch(`http://127.0.0.1:${port}/hello`)).text(), "hello");
        await assert.rejects(fetch(`http://127.0.0.1:${before}/hello`));
      },
    )
  ));

test("a server whose session ends while it starts is started again [net.bind]", () =>
  withBridge((bridge) => {
    bridge.endNextSession();
    return withNetwork(
      bridge,
      gateway({ lifecycle: { auto_start: true, restart: { initial_delay: "10ms" } } }),
      async (app) => {
        await app.until(async () => {
          if (bridge.said.filter((line) => line.startsWith("SESSION")).length < 2) return false;
          const port = bridge.forwarded();
          if (port === undefined) return false;
          const answer = await fetch(`http://127.0.0.1:${port}/hello`).catch(() => undefined);
          return await answer?.text() === "hello";
        }, "the server to be back");
      },
    );
  }));

test("a network that only dials out is refused as a server's [net.bind]", () =>
  withBridge((bridge) =>
    assert.rejects(
      withNetwork(
        bridge,
        [
          { name: "out", kind: "network.socks5", host: "127.0.0.1", port: 1080 },
          ...gateway({ network: "out" }),
        ],
        () => Promise.resolve(),
      ),
      /network app:out can't listen: SOCKS5 is for outbound connections only/,
    )
  ));

test("network alone is no kind of entry [kind.network.base]", async () => {
  const project = JSON.stringify({
    version: "1.0",
    namespace: "app",
    entries: [{ name: "base", kind: "network", host: "127.0.0.1", port: 1 }],
  });
  await assert.rejects(withApplication(project, () => Promise.resolve()), (error: Error) => {
    assert.match(error.message, /app:base/);
    assert.match(error.message, /kind "?network"?/);
    return true;
  });
});
