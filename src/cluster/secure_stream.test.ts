import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeStream } from "../ports/mod.ts";
import { systemCryptography } from "../platform/system_cryptography.ts";
import { SimulatedClock, SimulatedRandom } from "../platform/simulated/mod.ts";
import { parseSecret } from "./secret.ts";
import { HANDSHAKE_MS, SecureStream } from "./secure_stream.ts";

const SECRET = new Uint8Array(32).fill(7);

interface Side {
  readonly stream: SecureStream;
  readonly frames: string[];
  readonly closed: string[];
  isOpen: boolean;
}

/** Both ends of a stream in memory; `between` may change what goes from the dialer to the listener. */
function pair(options: { secrets?: [Uint8Array, Uint8Array]; purposes?: [string, string] } = {}) {
  const clock = new SimulatedClock();
  const random = new SimulatedRandom(1);
  const [a, b] = options.secrets ?? [SECRET, SECRET];
  const purposes = options.purposes ?? ["mesh", "mesh"];
  const wires: { write: Uint8Array[]; to: () => Side }[] = [];
  const side = (name: "dialer" | "listener", secret: Uint8Array, purpose: string): Side => {
    const made: Side = {
      frames: [],
      closed: [],
      isOpen: false,
      stream: new SecureStream({
        clock,
        random: random.stream(name),
        cryptography: systemCryptography,
        secret,
        side: name,
        purpose,
        opened: () => made.isOpen = true,
        frame: (data) => made.frames.push(new TextDecoder().decode(data)),
        closed: (reason) => made.closed.push(reason),
      }),
    };
    return made;
  };
  const dialer = side("dialer", a, purposes[0]);
  const listener = side("listener", b, purposes[1]);
  const wire = (to: () => Side): NodeStream => {
    const queue: Uint8Array[] = [];
    wires.push({ write: queue, to });
    return {
      write: (data) => void queue.push(data),
      queuedBytes: 0,
      end: () => {},
      destroy: () => to().stream.handlers.closed(),
    };
  };
  const toListener = wire(() => listener);
  const toDialer = wire(() => dialer);
  listener.stream.attach(toDialer);
  dialer.stream.attach(toListener);
  const carry = async (change: (data: Uint8Array) => Uint8Array[] = (data) => [data]): Promise<void> => {
    // What was sent goes out at the end of the turn.
    await Promise.resolve();
    while (wires.some(({ write }) => write.length > 0)) {
      for (const { write, to } of wires) {
        for (const data of write.splice(0)) for (const part of change(data)) to().stream.handlers.data(part);
      }
    }
  };
  return { clock, dialer, listener, carry, raw: toListener };
}

test("two sides that know the secret exchange frames, however the bytes are cut", async () => {
  const { carry, dialer, listener } = pair();
  const bytewise = (data: Uint8Array): Uint8Array[] => [...data].map((byte) => Uint8Array.of(byte));
  await carry(bytewise);
  assert.ok(dialer.isOpen && listener.isOpen);
  dialer.stream.send(new TextEncoder().encode("one"));
  dialer.stream.send(new TextEncoder().encode(""));
  listener.stream.send(new TextEncoder().encode("two"));
  await carry(bytewise);
  assert.deepEqual([listener.frames, dialer.frames], [["one", ""], ["two"]]);
});

test("a side without the secret, or of another purpose, gets nothing and gives nothing", async () => {
  const other = new Uint8Array(32).fill(8);
  const cases = [{ secrets: [SECRET, other] as [Uint8Array, Uint8Array] }, {
    purposes: ["mesh", "gossip"] as [string, string],
  }];
  for (const options of cases) {
    const { carry, dialer, listener } = pair(options);
    await carry();
    assert.deepEqual(dialer.closed, ["the other side does not know the secret"]);
    assert.ok(!dialer.isOpen && !listener.isOpen);
    dialer.stream.send(new Uint8Array(3));
    await carry();
    assert.deepEqual(listener.frames, []);
  }
});

test("a listener believes no proof but the dialer's own, not even its own sent back", async () => {
  const { carry, listener, raw } = pair();
  await carry();
  const fresh = pair();
  let echoed: Uint8Array | undefined;
  // Whoever only repeats what the listener says has no proof of the dialer.
  fresh.raw.write(new Uint8Array(0));
  await fresh.carry((data) => {
    if (data.length === 64) echoed = data.subarray(32);
    return data.length === 32 && echoed !== undefined ? [echoed] : [data];
  });
  assert.deepEqual(fresh.listener.closed, ["the other side does not know the secret"]);
  assert.ok(listener.isOpen);
  raw.write(new Uint8Array(0));
});

test("changed, repeated, and endless frames close the stream", async () => {
  const changes: ((data: Uint8Array) => Uint8Array[])[] = [
    (data) => {
      const changed = data.slice();
      changed[changed.length - 1]! ^= 1;
      return [changed];
    },
    (data) => [data, data],
    (data) => {
      const huge = data.slice();
      new DataView(huge.buffer).setUint32(0, 0xffffffff, true);
      return [huge];
    },
  ];
  for (const change of changes) {
    const { carry, dialer, listener } = pair();
    await carry();
    dialer.stream.send(new TextEncoder().encode("once"));
    await carry(change);
    assert.equal(listener.closed.length, 1);
    assert.match(listener.closed[0]!, /changed on its way|impossible length/);
    assert.ok(listener.frames.length <= 1);
  }
});

test("a stranger that says nothing is not waited for, one that speaks another protocol is refused", async () => {
  const silent = pair();
  await silent.clock.advance(HANDSHAKE_MS);
  assert.deepEqual(silent.listener.closed, ["no proof in time"]);
  const web = pair();
  web.listener.stream.handlers.data(new TextEncoder().encode("GET / HTTP/1.1\r\nhost: somewhere\r\n\r\n"));
  assert.deepEqual(web.listener.closed, ["not a node of this protocol"]);
});

test("a secret is base64 of at least 16 bytes", () => {
  assert.equal(parseSecret("MDEyMzQ1Njc4OWFiY2RlZg==\n", "key").length, 16);
  assert.throws(() => parseSecret("not base64!", "key"), /key must be base64/);
  assert.throws(() => parseSecret("c2hvcnQ=", "key"), /key must hold at least 16 bytes, not 5/);
});
