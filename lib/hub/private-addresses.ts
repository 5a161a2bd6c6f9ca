import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

const privateBlocks = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  privateBlocks.addSubnet(network, bits, 'ipv4');
}
for (const [network, bits] of [
  ['::', 96], // ::, ::1, and IPv4 written as ::127.0.0.1
  ['64:ff9b:1::', 48], // NAT64 of a network's own
  ['100::', 64],
  ['2001::', 32], // Teredo, which holds IPv4 turned over
  ['2002::', 16], // 6to4, which holds it as it is
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  privateBlocks.addSubnet(network, bits, 'ipv6');
}

/** Finds every address of a host name, as node:dns does with `all`. */
export type FindAddresses = (host: string, done: FoundAddresses) => void;
type FoundAddresses = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

export const findAddresses: FindAddresses = (host, done) => lookup(host, { all: true }, done);

/** Whether an IP address belongs to this machine, a private network or no single host. */
export function isPrivateAddress(address: string): boolean {
  const inner = innerAddress(address);
  return privateBlocks.check(inner, isIP(inner) === 6 ? 'ipv6' : 'ipv4');
}

/** IPv4 inside IPv6 reaches the same machine: where it stands in each form. */
const INNER: readonly RegExp[] = [
  /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/, // mapped, ::ffff:127.0.0.1
  /^::ffff:0:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/, // translated (RFC 2765)
  /^64:ff9b::(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})$/, // NAT64 (RFC 6052)
];

function innerAddress(address: string): string {
  if (isIP(address) !== 6) return address;
  // URL writes the dotted end of an IPv6 address as two hexadecimal groups.
  const canonical = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const groups = INNER.map((form) => form.exec(canonical)).find((found) => found !== null);
  if (!groups) return canonical;
  const bits = (Number.parseInt(groups[1] ?? '0', 16) << 16) | Number.parseInt(groups[2]!, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

/** Whether a host is private by its writing alone, before any look-up: an IP address or "localhost". */
export function isPrivateName(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return isIP(host) ? isPrivateAddress(host) : /(^|\.)localhost\.?$/.test(host);
}

/** Whether a host leads to a private network. A name that this machine cannot look up counts as public. */
export async function isPrivateHost(hostname: string, find: FindAddresses): Promise<boolean> {
  if (isPrivateName(hostname)) return true;
  if (isIP(hostname.replace(/^\[|\]$/g, ''))) return false;
  const found = await new Promise<LookupAddress[]>((done) =>
    find(hostname, (error, addresses) => done(error ? [] : addresses)),
  );
  return found.some(({ address }) => isPrivateAddress(address));
}

/**
 * A look-up for sockets that refuses names of private networks. It looks at the very addresses that are connected
 * to, so that a name cannot give a public address when asked and a private one when used.
 */
export function publicOnly(find: FindAddresses, refusal: (hostname: string) => Error): LookupFunction {
  return (hostname, options, done) => {
    find(hostname, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error || !first) {
        done(error ?? new Error(`${hostname} has no address`), '');
      } else if (addresses.some(({ address }) => isPrivateAddress(address))) {
        done(refusal(hostname), '');
      } else if (options.all) {
        done(null, addresses);
      } else {
        done(null, first.address, first.family);
      }
    });
  };
}
