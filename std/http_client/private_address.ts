/** Addresses that a program from outside must not be able to reach through us. */

/** Networks by first address and prefix length. */
const IPV4_NETWORKS: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
];
const IPV6_GROUPS = 8;

function ipv4Number(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function isPrivateIpv4(address: string): boolean {
  const number = ipv4Number(address);
  return IPV4_NETWORKS.some(([first, length]) => {
    const size = 2 ** (32 - length);
    return Math.floor(number / size) === Math.floor(ipv4Number(first) / size);
  });
}

/** The sixteen-bit groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const plain = address.replace(/%.*$/, "").replace(/(\d+\.\d+\.\d+\.\d+)$/, (ipv4: string) => {
    const number = ipv4Number(ipv4);
    return `${Math.floor(number / 65536).toString(16)}:${(number % 65536).toString(16)}`;
  });
  const [head = "", tail] = plain.split("::");
  const numbers = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((group) => parseInt(group, 16));
  const front = numbers(head);
  if (tail === undefined) return front;
  const back = numbers(tail);
  return [...front, ...Array<number>(Math.max(0, IPV6_GROUPS - front.length - back.length)).fill(0), ...back];
}

function ipv4Of(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** Whether an address belongs to this machine, its link, or a private network. */
export function isPrivateAddress(address: string): boolean {
  if (!address.includes(":")) return isPrivateIpv4(address);
  const groups = groupsOf(address);
  const first = groups[0] ?? 0;
  // Networks through which IPv4 is reached: NAT64 has the address at the end, 6to4 behind the prefix.
  const isNat64 = first === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every((group) => group === 0);
  if (isNat64) return isPrivateIpv4(ipv4Of(groups[6]!, groups[7]!));
  if (first === 0x2002) return isPrivateIpv4(ipv4Of(groups[1]!, groups[2]!));
  const isMapped = groups.slice(0, 5).every((group) => group === 0) &&
    (groups[5] === 0xffff || groups[5] === 0);
  if (isMapped) {
    const low = groups[6]! * 65536 + groups[7]!;
    // `::` and `::1` are this machine; others are IPv4 in disguise.
    if (groups[5] === 0 && low <= 1) return true;
    return isPrivateIpv4(ipv4Of(groups[6]!, groups[7]!));
  }
  const isUniqueLocal = (first & 0xfe00) === 0xfc00;
  const isLinkLocal = (first & 0xffc0) === 0xfe80;
  return isUniqueLocal || isLinkLocal;
}
