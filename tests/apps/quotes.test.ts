/** A key becomes a token, a token opens a WebSocket, a WebSocket carries what a process says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, type RunningApplication, withProject } from "./application.ts";

interface Frame {
  readonly topic: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The next frames of a socket, one by one. */
function framesOf(socket: WebSocket): () => Promise<Frame> {
  const come: Frame[] = [];
  const waiting: { resolve: (frame: Frame) => void; reject: (error: Error) => void }[] = [];
  socket.addEventListener("message", ({ data }) => {
    const frame = JSON.parse(String(data)) as Frame;
    const next = waiting.shift();
    if (next === undefined) come.push(frame);
    else next.resolve(frame);
  });
  socket.addEventListener("close", ({ code }) => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`closed with ${code}`));
  });
  return () => {
    const frame = come.shift();
    if (frame !== undefined) return Promise.resolve(frame);
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  };
}

async function keyOf(application: RunningApplication, message: string): Promise<string> {
  const [, key] = await application.until(new RegExp(`${message}.*"key": "([A-Za-z0-9]{32})"`));
  return key!;
}

test("a key gives a token, and the token stands for its owner [j.security] [j.sql] [j.http]", async () => {
  await withProject("quotes", async (project) => {
    const first = await project.serveHttp("app:gateway");
    const key = await keyOf(first, "demo key created");
    const login = `${first.url}/api/login`;
    for (
      const [body, status, error] of [
        [{}, 400, "key required"],
        ["{", 400, "invalid JSON"],
        [{ key: "wrong" }, 401, "wrong key"],
      ] as const
    ) {
      const answer = await ask(login, "POST", body);
      assert.deepEqual([answer.status, answer.json], [status, { error }]);
    }
    const { status, json, headers } = await ask(login, "POST", { key }, { origin: "https://quotes.example" });
    assert.deepEqual([status, json.user, json.expires_in], [200, "demo", 3600]);
    assert.equal(headers.get("access-control-allow-origin"), "https://quotes.example");
    // A signed token: its text, a dot, the signature.
    const [text, signature] = json.token.split(".");
    assert.ok(text.length > 40 && signature.length > 40);

    const connect = `${first.url}/ws/quotes`;
    const refused = await ask(connect);
    assert.deepEqual([refused.status, refused.json], [401, { error: "authentication required" }]);
    assert.equal((await ask(`${connect}?x-auth-token=${text}.AAAA`)).status, 401);
    const page = await ask(`${first.url}/some/page`);
    assert.deepEqual([page.status, page.type?.split(";")[0]], [200, "text/html"]);
    assert.match(page.text, /Quotes come/);
    assert.equal((await first.stop()).code, 0);

    const second = await project.serveHttp("app:gateway");
    assert.equal(await keyOf(second, "demo key exists"), key);
    assert.equal((await second.stop()).code, 0);
  });
});

test("a WebSocket with a token hears the process that it is tied to [j.ws] [j.security] [j.process]", async () => {
  await withProject("quotes", async (project) => {
    const application = await project.serveHttp("app:gateway");
    const key = await keyOf(application, "demo key created");
    await application.until(/ticker runs/);
    const { token } = (await ask(`${application.url}/api/login`, "POST", { key })).json;
    const socket = new WebSocket(
      `${application.url.replace("http", "ws")}/ws/quotes?x-auth-token=${encodeURIComponent(token)}`,
    );
    const next = framesOf(socket);
    assert.deepEqual(await next(), { topic: "welcome", data: { user: "demo", role: "member" } });

    const first = await next();
    const second = await next();
    assert.deepEqual([first.topic, second.topic], ["quotes", "quotes"]);
    for (const symbol of ["AAA", "BBB", "CCC"]) {
      const before = Number(first.data[symbol]);
      const after = Number(second.data[symbol]);
      assert.ok(Math.abs(after - before) <= before * 0.001 + 1e-9, `${symbol}: ${before} -> ${after}`);
    }

    socket.send(JSON.stringify({ type: "ping", n: 7 }));
    for (let frame = await next(); frame.topic !== "pong"; frame = await next()) {
      assert.equal(frame.topic, "quotes");
    }
    const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
    socket.close();
    await closed;
    await application.until(/client left.*"user": "demo"/);
    assert.equal((await application.stop()).code, 0);
  });
});
