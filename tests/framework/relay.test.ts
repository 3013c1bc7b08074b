/** `wippy/relay`: clients on WebSockets, hubs of users, plugins that answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { withGateway } from "../kinds/http/gateway.ts";
import { AI, BASE, Client, HOST, plugin, relay, SESSION, Told, USERS } from "./relay_project.ts";

test("a client is given to the hub of its user, which welcomes it and passes its commands to plugins [relay.param.host] [relay.param.scope] [relay.central] [relay.hub.open] [relay.control] [relay.welcome] [relay.plugin.entry] [relay.plugin.args] [relay.plugin.lazy] [relay.plugin.status] [relay.route] [relay.reply] [relay.ws.endpoint] [relay.frame] [relay.msg.form]", () =>
  withGateway([relay(), ...BASE, SESSION, AI], async (gateway) => {
    const told = new Told(gateway);
    const { supervisor } = gateway.application;
    assert.match(supervisor.state("wippy.relay:central.service")!.details, /^\{app:host\|/);
    const [ann, welcome] = await Client.welcome(gateway, "ann");
    const started = await told.next("started", "session");
    assert.deepEqual(welcome, {
      user_id: "ann",
      client_count: 1,
      plugins: [
        {
          prefix: "session_",
          process_id: (welcome["plugins"] as ValueMap[])[0]!["process_id"]!,
          status: "running",
        },
        { prefix: "ai_", process_id: "", status: "not_started" },
      ],
    });
    const { hub, ...start } = started;
    assert.match(hub as string, /^\{app:host\|/);
    assert.deepEqual(start, {
      user: "ann",
      metadata: { team: "blue" },
      config: { greeting: "of session" },
      actor: "ann",
    });
    assert.equal(told.count("started", "ai"), 0);
    ann.send({ type: "ai_echo", data: { n: 1 }, request_id: "r1", session_id: "s1" });
    assert.deepEqual(await ann.next("answer"), { topic: "answer", data: { said: { n: 1 }, from: "ai" } });
    const { conn_pid, ...payload } = await told.next("echo", "ai");
    assert.match(conn_pid as string, /^\{app:gateway\|/);
    assert.deepEqual(payload, { type: "ai_echo", data: { n: 1 }, request_id: "r1", session_id: "s1" });

    // The second client comes to the same hub; another user has one of his own.
    const [second, again] = await Client.welcome(gateway, "ann");
    assert.equal(again["client_count"], 2);
    assert.deepEqual((again["plugins"] as ValueMap[]).map(({ status }) => status), ["running", "running"]);
    const [bob, other] = await Client.welcome(gateway, "bob");
    assert.equal(other["client_count"], 1);
    assert.notEqual((await told.next("started", "session"))["hub"], hub);
    second.send({ type: "session_echo", data: "hi" });
    assert.equal((await second.next("answer")).data["from"], "session");
    assert.deepEqual(ann.frames, []);
    for (const client of [ann, second, bob]) client.close();
  }));

test("what can't be passed on is answered with an error [relay.msg.form] [relay.error.frame] [relay.route]", () =>
  withGateway(
    [
      relay(),
      ...BASE,
      plugin("short", { command_prefix: "ai_" }),
      plugin("long", { command_prefix: "ai_deep_" }),
    ],
    async (gateway) => {
      const [client] = await Client.welcome(gateway, "ann");
      const error = async (message: unknown): Promise<ValueMap> => {
        client.send(message);
        return (await client.next("error")).data;
      };
      assert.deepEqual(
        [
          await error("{nonsense"),
          await error({ data: 1 }),
          await error("[1]"),
          await error({ type: "other_do", request_id: 7 }),
          await error({ type: "ai_" }),
        ].map(({ error, request_id }) => [error, request_id ?? null]),
        [
          ["invalid_json", null],
          ["unknown_command", null],
          ["unknown_command", null],
          ["plugin_not_found", 7],
          ["unknown_command", null],
        ],
      );
      client.send({ type: "ai_deep_echo", data: 1 });
      assert.equal((await client.next("answer")).data["from"], "long");
      client.close();
    },
  ));

test("a client without a user, or one too many, is told so and its connection closed [relay.join] [relay.join.limit] [relay.param.max]", () =>
  withGateway([relay({ max_connections_per_user: "2" }), ...BASE], async (gateway) => {
    const nobody = new Client(gateway, "");
    assert.equal((await nobody.next("error")).data["error"], "missing_user_id");
    assert.equal(await nobody.end(), "missing_user_id");
    const [first] = await Client.welcome(gateway, "ann");
    const [second] = await Client.welcome(gateway, "ann");
    const third = new Client(gateway, "ann");
    assert.deepEqual((await third.next("error")).data, {
      error: "max_connections_reached",
      message: "a user may have 2 connections",
    });
    assert.equal(await third.end(), "max_connections_reached");
    const [bob] = await Client.welcome(gateway, "bob");
    first.close();
    await first.end();
    const [fourth, welcome] = await Client.welcome(gateway, "ann");
    assert.equal(welcome["client_count"], 2);
    for (const client of [second, bob, fourth]) client.close();
  }));

test("a plugin that crashes is started again once, then its commands fail [relay.plugin.crash] [relay.plugin.status]", () =>
  withGateway([relay(), ...BASE, AI], async (gateway) => {
    const told = new Told(gateway);
    const [client] = await Client.welcome(gateway, "ann");
    client.send({ type: "ai_crash" });
    await told.next("started", "ai");
    await told.next("started", "ai");
    client.send({ type: "ai_echo", data: 1 });
    await client.next("answer");
    client.send({ type: "ai_crash" });
    await told.next("crash", "ai");
    await told.next("crash", "ai");
    await gateway.until(async () => {
      const [other, welcome] = await Client.welcome(gateway, "ann");
      other.close();
      await other.end();
      return (welcome["plugins"] as ValueMap[])[0]!["status"] === "failed";
    }, "the plugin to fail");
    client.send({ type: "ai_echo", request_id: "x" });
    const { error, request_id } = (await client.next("error")).data;
    assert.deepEqual([error, request_id], ["plugin_failed", "x"]);
    assert.equal(told.count("started", "ai"), 0);
    client.close();
  }));

test("a plugin that ended well is started again by its next command [relay.plugin.lazy] [relay.plugin.status]", () =>
  withGateway([relay(), ...BASE, AI], async (gateway) => {
    const told = new Told(gateway);
    const [client] = await Client.welcome(gateway, "ann");
    client.send({ type: "ai_stop" });
    await told.next("stop", "ai");
    const [, welcome] = await Client.welcome(gateway, "ann");
    assert.equal((welcome["plugins"] as ValueMap[])[0]!["status"], "stopped");
    client.send({ type: "ai_echo", data: 2 });
    assert.equal((await client.next("answer")).data["said"], 2);
  }));

test("the session plugin hears of the first client and of the last one that goes [relay.plugin.life] [relay.leave]", () =>
  withGateway([relay(), ...BASE, SESSION, AI], async (gateway) => {
    const told = new Told(gateway);
    const [first] = await Client.welcome(gateway, "ann");
    await told.next("resume", "session");
    const [second] = await Client.welcome(gateway, "ann");
    first.close();
    await first.end();
    second.close();
    await told.next("shutdown", "session");
    const [third, welcome] = await Client.welcome(gateway, "ann");
    assert.equal(welcome["client_count"], 1);
    await told.next("resume", "session");
    assert.deepEqual([told.count("resume", "session"), told.count("shutdown", "session")], [0, 0]);
    third.close();
  }));

test("a hub that is idle for long ends, and the next client gets a new one [relay.gc] [relay.param.idle]", () =>
  withGateway([relay({ user_hub_inactivity_timeout: "50ms" }), ...BASE, SESSION], async (gateway) => {
    const told = new Told(gateway);
    const lookup = (name: string) => gateway.application.runtime.names.lookup(name);
    const [client] = await Client.welcome(gateway, "ann");
    const { hub } = await told.next("started", "session");
    assert.equal(lookup("user.ann"), hub);
    // Not while there is a client.
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal(lookup("user.ann"), hub);
    client.close();
    await gateway.until(() => lookup("user.ann") === undefined, "the end of the hub");
    const [again] = await Client.welcome(gateway, "ann");
    assert.notEqual((await told.next("started", "session"))["hub"], hub);
    again.close();
  }));

test("other messages go to all clients: of a hub, and of all hubs [relay.broadcast]", () =>
  withGateway([relay(), ...BASE], async (gateway) => {
    const [a] = await Client.welcome(gateway, "ann");
    const [b] = await Client.welcome(gateway, "ann");
    const [c] = await Client.welcome(gateway, "bob");
    const { runtime } = gateway.application;
    runtime.send("user.ann", "news", [{ n: 1 }]);
    for (const client of [a, b]) {
      assert.deepEqual(await client.next("news"), { topic: "news", data: { n: 1 } });
    }
    // Who says nothing says it to all, and harms nobody.
    for (const name of ["user.ann", "wippy.central"]) {
      for (const topic of ["bare", "ws.join", "ws.leave"]) runtime.send(name, topic, []);
    }
    assert.equal((await c.next("bare")).data ?? null, null);
    for (const client of [a, b]) for (let i = 0; i < 2; i++) await client.next("bare");
    runtime.send("wippy.central", "all", [{ n: 2 }]);
    for (const client of [a, b, c]) assert.deepEqual((await client.next("all")).data, { n: 2 });
    assert.deepEqual(c.frames, []);
    for (const client of [a, b, c]) client.close();
  }));

test("clients have their hub join process groups [relay.pg]", () =>
  withGateway(
    [
      relay(),
      ...BASE,
      { name: "groups", kind: "pg.scope", lifecycle: { auto_start: true } },
      {
        name: "publish",
        kind: "function.lua",
        method: "main",
        modules: ["pg"],
        source:
          'return { main = function(n) local scope = assert(pg.open("app:groups")) assert(scope:broadcast("readers", "page", {n = n})) return #scope:get_members("readers") end }',
      },
    ],
    async (gateway) => {
      const [client] = await Client.welcome(gateway, "ann");
      const members = async (n: number): Promise<number> => await gateway.call("app:publish", n) as number;
      const data = { scope: "app:groups", group: "readers" };
      assert.equal(await members(1), 0);
      client.send({ type: "pg.subscribe", data });
      await gateway.until(async () => await members(2) === 1, "the hub to join");
      assert.equal((await client.next("page")).data["n"], 2);
      client.send({ type: "pg.unsubscribe", data });
      await gateway.until(async () => await members(3) === 0, "the hub to leave");
      client.send({ type: "pg.subscribe", data });
      await gateway.until(async () => await members(4) === 1, "the hub to join again");
      const [other] = await Client.welcome(gateway, "ann");
      client.close();
      await gateway.until(async () => await members(5) === 0, "the group to be left with its client");
      other.send({ type: "pg.subscribe", data: { scope: "app:nothing", group: "x" } });
      assert.equal((await other.next("error")).data["error"], "invalid_group");
      other.send({ type: "pg.subscribe" });
      assert.equal((await other.next("error")).data["error"], "invalid_group");
      other.close();
    },
  ));

test("commands that come faster than the hub can take them are refused, and nothing else is [relay.param.queue]", () =>
  withGateway(
    [relay({ max_connections_per_user: "1", queue_multiplier: "3" }), ...BASE, AI],
    async (gateway) => {
      const [client] = await Client.welcome(gateway, "ann");
      client.send({ type: "ai_echo", data: 0 });
      await client.next("answer");
      const count = 2000;
      for (let n = 1; n <= count; n++) client.send({ type: "ai_echo", data: n });
      const answers = () => client.frames.filter(({ topic }) => topic === "answer").length;
      const refusals = () => client.frames.filter(({ data }) => data["error"] === "queue_full").length;
      await gateway.until(() => answers() + refusals() === count, "an answer to each");
      assert.ok(answers() >= 3, `${answers()} answers, ${refusals()} refusals`);
      client.close();
    },
  ));

test("a hub that can't be made is told to the client; the central hub goes on [relay.hub.open]", () =>
  withGateway([relay(), ...BASE.slice(1), { ...HOST, host: { max_processes: 2 } }], async (gateway) => {
    const [first] = await Client.welcome(gateway, "ann");
    const client = new Client(gateway, "bob");
    assert.equal((await client.next("error")).data["error"], "hub_creation_failed");
    assert.equal(await client.end(), "hub_creation_failed");
    const [second] = await Client.welcome(gateway, "ann");
    for (const each of [first, second]) each.close();
  }));

test("a hub whose user may not send ends, and its client's connection with it [relay.param.scope]", () =>
  withGateway(
    [relay(), ...BASE.filter((each) => each !== USERS), {
      ...USERS,
      policy: { actions: "x", resources: "*", effect: "allow" },
    }],
    async (gateway) => {
      const client = new Client(gateway, "ann");
      assert.equal(await client.end(), "target process exited");
      const failed = await gateway.until(
        () => gateway.logs.find(({ message }) => message === "user hub failed"),
        "the line of the failure",
      );
      assert.match(
        failed.fields["error"] as string,
        /the scope of users must allow hubs to send to their clients/,
      );
    },
  ));

test("parameters that can't be are told by name [relay.param.host] [relay.param.max] [relay.param.idle]", async () => {
  const cases = [
    [
      { max_connections_per_user: "none" },
      "max_connections_per_user of wippy/relay must be a whole number from 1 on",
    ],
    [{ queue_multiplier: "0" }, "queue_multiplier of wippy/relay must be a whole number from 1 on, not 0"],
    [
      { user_hub_inactivity_timeout: "soon" },
      "user_hub_inactivity_timeout of wippy/relay must be a duration",
    ],
    [{ user_security_scope: "app:nobody" }, "user_security_scope of wippy/relay: "],
    [{ user_security_scope: "''" }, "user_security_scope"],
  ] as const;
  for (const [parameters, message] of cases) {
    await withGateway([relay(parameters), ...BASE], async (gateway) => {
      await gateway.until(
        () =>
          gateway.logs.some(({ fields, message: line }) =>
            `${line} ${JSON.stringify(fields)}`.includes(message)
          ),
        message,
      );
    });
  }
});
