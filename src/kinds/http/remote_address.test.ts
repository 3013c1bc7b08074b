import assert from "node:assert/strict";
import { test } from "node:test";
import { addressBits, addressOnly, joinAddress, parseNetwork, portOnly } from "./remote_address.ts";

test("an address is split from its port", () => {
  assert.equal(addressOnly("10.0.0.1:80"), "10.0.0.1");
  assert.equal(addressOnly("[::1]:80"), "::1");
  assert.equal(addressOnly("::1"), "::1");
  assert.equal(portOnly("10.0.0.1:80"), "80");
  assert.equal(portOnly("[::1]:80"), "80");
  assert.equal(portOnly("::1"), "");
  assert.equal(joinAddress("2001:db8::1", "80"), "[2001:db8::1]:80");
});

test("networks contain their addresses only [mw.realip]", () => {
  const cases: [string, string, boolean][] = [
    ["10.0.0.0/8", "10.255.0.1", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["172.16.0.0/12", "172.31.255.255", true],
    ["172.16.0.0/12", "172.32.0.0", false],
    ["10.0.0.0/8", "::ffff:10.1.2.3", true],
    ["fc00::/7", "fd12::1", true],
    ["fc00::/7", "2001:db8::1", false],
    ["192.0.2.7", "192.0.2.7", true],
    ["0.0.0.0/0", "::1", false],
  ];
  for (const [network, address, contains] of cases) {
    assert.equal(parseNetwork(network)!(address), contains, `${address} in ${network}`);
  }
  for (const wrong of ["10.0.0.0/33", "host", "1.2.3", "1.2.3.256", "::1/129", "1::2::3", "10.0.0.0/x"]) {
    assert.equal(parseNetwork(wrong), undefined, wrong);
  }
  assert.equal(addressBits("1:2:3:4:5:6:7:8:9"), undefined);
});
