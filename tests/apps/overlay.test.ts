/** Outgoing requests through a SOCKS5 proxy. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { withProxy } from "../kinds/network.socks5/proxy.ts";
import { withProject } from "./application.ts";

/** A server that tells how its visitor called it. */
async function withOracle(body: (port: number) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    response.end(JSON.stringify({ ip: `seen as ${request.headers.host?.split(":")[0]}` }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await body((server.address() as { port: number }).port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("an overlay is chosen per request or inherited from the caller, each stream apart [j.net]", async () => {
  await withOracle((port) =>
    withProxy((proxy) =>
      withProject("overlay", async (project) => {
        const veil = ["-o", `app:veil:port=${proxy.port}`];
        const { code, stdout, stderr } = await project.wippy(
          "run",
          ...veil,
          "probe",
          `http://127.0.0.1:${port}/`,
        );
        assert.deepEqual([code, stderr], [0, ""]);
        assert.equal(
          stdout,
          "direct: seen as 127.0.0.1\nveiled: seen as 127.0.0.1\ninherited: seen as 127.0.0.1\n",
        );
        assert.deepEqual(proxy.connections.map((connection) => connection.port), [port, port]);
        const users = proxy.connections.map(({ user }) => user);
        assert.ok(users[0] && users[1] && users[0] !== users[1], String(users));
      })
    )
  );
});

test("without its proxy a veiled request fails and never goes directly [j.net]", async () => {
  await withOracle((port) =>
    withProject("overlay", async (project) => {
      const { code, stdout } = await project.wippy(
        "run",
        "-o",
        "app:veil:port=1",
        "probe",
        `http://127.0.0.1:${port}/`,
      );
      assert.equal(code, 0);
      assert.match(
        stdout,
        /^direct: seen as 127\.0\.0\.1\nveiled: failed: .*127\.0\.0\.1:1.*\ninherited: failed: .*127\.0\.0\.1:1.*\n$/,
      );
    })
  );
});
