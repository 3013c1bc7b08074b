/** Addresses of clients: `ip:port`, networks written as CIDR. */

/** The address without its port and without brackets. */
export function addressOnly(address: string): string {
  if (address.startsWith("[")) return address.slice(1, address.indexOf("]"));
  const colon = address.lastIndexOf(":");
  // More than one colon and no brackets: an IPv6 address alone.
  return colon < 0 || address.indexOf(":") !== colon ? address : address.slice(0, colon);
}

/** The port of an address, "" without one. */
export function portOnly(address: string): string {
  return /(?:^[^:]*|\]):(\d+)$/.exec(address)?.[1] ?? "";
}

/** `ip:port`, IPv6 in brackets. */
export function joinAddress(ip: string, port: string): string {
  return `${ip.includes(":") ? `[${ip}]` : ip}:${port === "" ? "0" : port}`;
}

/** The bits of an address; IPv4 that is mapped into IPv6 counts as IPv4. Undefined when it is none. */
export function addressBits(text: string): { bits: bigint; length: 32 | 128 } | undefined {
  const four = ipv4Bits(text);
  if (four !== undefined) return { bits: four, length: 32 };
  const six = ipv6Bits(text);
  if (six === undefined) return undefined;
  return six >> 32n === 0xffffn ? { bits: six & 0xffffffffn, length: 32 } : { bits: six, length: 128 };
}

function ipv4Bits(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  return parts.reduce((bits, part) => bits << 8n | BigInt(part), 0n);
}

function ipv6Bits(text: string): bigint | undefined {
  let address = text.replace(/%.*$/, "");
  const four = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  if (four !== null) {
    const bits = ipv4Bits(four[2]!);
    if (bits === undefined) return undefined;
    address = `${four[1]}${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`;
  }
  const halves = address.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => half === "" ? [] : half.split(":"));
  const count = groups.reduce((sum, half) => sum + half.length, 0);
  if (halves.length === 1 ? count !== 8 : count > 7) return undefined;
  const middle = Array<string>(8 - count).fill("0");
  const all = halves.length === 1 ? groups[0]! : [...groups[0]!, ...middle, ...groups[1]!];
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return all.reduce((bits, group) => bits << 16n | BigInt(`0x${group}`), 0n);
}

/** Whether an address lies in a network. */
export type Network = (address: string) => boolean;

/** A network written as CIDR or as one address; undefined when it is neither. */
export function parseNetwork(cidr: string): Network | undefined {
  const [base, written] = cidr.split("/");
  const network = addressBits(base!);
  if (network === undefined) return undefined;
  const length = written === undefined ? network.length : /^\d{1,3}$/.test(written) ? Number(written) : -1;
  if (length < 0 || length > network.length) return undefined;
  const shift = BigInt(network.length - length);
  return (address) => {
    const candidate = addressBits(address);
    return candidate?.length === network.length && candidate.bits >> shift === network.bits >> shift;
  };
}
