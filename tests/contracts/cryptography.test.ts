/** The cryptography port: published test vectors, the same on every runtime. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPorts } from "../../src/platform/mod.ts";

const { cryptography } = createPorts();
const NOTHING = new Uint8Array(0);

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function hex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** From the submission of GCM to NIST: zero key, zero nonce, one zero block. */
const GCM: [keyBytes: number, sealed: string][] = [
  [16, "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"],
  [24, "98e7247c07f0fe411c267e4384b0f6002ff58d80033927ab8ef4d4587514f0fb"],
  [32, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"],
];

for (const [keyBytes, sealed] of GCM) {
  test(`cryptography (system): AES-GCM with ${keyBytes * 8} bits gives the published text`, () => {
    const options = { key: new Uint8Array(keyBytes), nonce: new Uint8Array(12), associated: NOTHING };
    assert.equal(hex(cryptography.seal("aes-gcm", new Uint8Array(16), options)), sealed);
    assert.deepEqual(cryptography.open("aes-gcm", bytes(sealed), options), new Uint8Array(16));
    assert.equal(cryptography.open("aes-gcm", bytes(`00${sealed.slice(2)}`), options), undefined);
  });
}

test("cryptography (system): ChaCha20-Poly1305 gives the text of RFC 8439", () => {
  const options = {
    key: bytes("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"),
    nonce: bytes("070000004041424344454647"),
    associated: bytes("50515253c0c1c2c3c4c5c6c7"),
  };
  const text = "Ladies and Gentlemen of the class of '99: " +
    "If I could offer you only one tip for the future, sunscreen would be it.";
  const sealed = cryptography.seal("chacha20-poly1305", new TextEncoder().encode(text), options);
  assert.equal(hex(sealed.subarray(-16)), "1ae10b594f09e26a7e902ecbd0600691");
  const opened = cryptography.open("chacha20-poly1305", sealed, options);
  assert.equal(new TextDecoder().decode(opened), text);
  const other = { ...options, associated: NOTHING };
  assert.equal(cryptography.open("chacha20-poly1305", sealed, other), undefined);
});
