/** Two programs, started by the command line, form a cluster; one is killed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { createPorts } from "../../src/platform/mod.ts";
import { inFolder, type RunningCommand, start } from "../cli/wippy.ts";
import { SECRET, SLOW } from "./nodes.ts";

const ENTRIES = (body: string): string =>
  `version: "1.0"
namespace: app
entries:
  - {name: host, kind: process.host, host: {workers: 2}, lifecycle: {auto_start: true}}
  - name: service
    kind: process.service
    process: app:process
    host: app:host
    lifecycle: {auto_start: true}
  - name: process
    kind: process.lua
    method: main
    source: |
      return { main = function()
${body.split("\n").map((line) => `        ${line}`).join("\n")}
      end }
`;

const ANSWERING =
  `print("registered", process.registry.register("answering", nil, process.registry.CONSISTENT))
local inbox = process.inbox()
while true do
  local m = inbox:receive()
  process.send(m:from(), "answer", m:payload():data() * 2)
end`;

const ASKING = `local events, inbox = process.events(), process.inbox()
print("monitoring", process.monitor("answering"))
process.send("answering", "question", 21)
while true do
  local picked = channel.select({inbox:case_receive(), events:case_receive()})
  local value = picked.value
  if picked.channel == events then
    if value.kind == process.event.CANCEL then return end
    print("event", value.kind, value.from)
  else print("answer", value:payload():data()) end
end`;

const fields = (secret: string, port: number, more: string): string =>
  `cluster:
  enabled: true
  name: configured
  membership: {bind_addr: 127.0.0.1, bind_port: ${port}, secret_file: ${secret}${more}}
  internode: {bind_addr: 127.0.0.1}
  raft: {data_dir: data}
`;

test(
  "programs on one machine are nodes; the one that is killed is missed by the other [cluster.membership.secret] [cluster.internode.bind] [cli.env.node] [relay.transparent]",
  SLOW,
  () =>
    inFolder({ secret: `${SECRET}\n` }, async (folder) => {
      const { files, random } = createPorts();
      const [first, second] = [20_000 + random.below(5_000), 25_000 + random.below(5_000)] as const;
      const secret = join(folder, "secret");
      const place = (name: string, body: string, port: number, more: string): string => {
        const home = join(folder, name);
        files.makeDirectory(join(home, "src"), { recursive: true });
        files.writeFile(join(home, "src/_index.yaml"), ENTRIES(body));
        files.writeFile(join(home, ".wippy.yaml"), fields(secret, port, more));
        return home;
      };
      const run = (name: string, cwd: string): RunningCommand =>
        start(["run"], { cwd, env: { WIPPY_NODE_ID: name } });
      const answering = run("one", place("one", ANSWERING, first, ""));
      await answering.until(/registered.true/);
      const more = `, join_addrs: "localhost:${first}", probe_interval: 300ms, tcp_timeout: 300ms`;
      const asking = run("two", place("two", ASKING, second, more));
      await asking.until(/answer.42/);
      answering.signal("SIGKILL");
      await asking.until(/event.pid\.link\.down.\{one@app:host\|0x00001\}/);
      await answering.ended;
      asking.signal("SIGTERM");
      const { code, stderr } = await asking.ended;
      assert.equal(code, 0, stderr);
      assert.match(stderr, /"internode_port": 795[0-9]/);
    }),
);
