/** Addresses of this machine, of private networks and of no single host, as networks are assigned (RFC 6890). */
const NETWORKS: readonly [network: string, bits: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** Host names by which this machine is reached, written as a filter might not know them. */
export const OWN_HOSTS: readonly string[] = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '0x7f.0x0.0x0.0x1',
  '127.0.0.1.',
  '127.127.127.127',
  '0.0.0.0',
  '0',
  '0x0',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'a.localhost',
  '\u2460\u2461\u2466.\u24ea.\u24ea.\u2460',
  '127\u30020\u30020\u30021',
  '\uff11\uff12\uff17.0.0.1',
  '%31%32%37.0.0.1',
  '[::1]',
  '[::]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:0:127.0.0.1]',
  '[::127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b:1::127.0.0.1]',
  '[2002:7f00:1::1]',
  '[2001:0:7f00:1::1]',
  '[fe80::1]',
  '[fec0::1]',
  '[fc00::1]',
  '[fd12:3456::1]',
  '[ff02::1]',
];

/** A random private address in a random writing that URLs allow. @param random 0..1 */
export function randomPrivateHost(random: () => number): string {
  const [network, bits] = NETWORKS[Math.floor(random() * NETWORKS.length)]!;
  const base = network.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const address = base + Math.floor(random() * 2 ** (32 - bits));
  const parts = 1 + Math.floor(random() * 4);
  const numbers = Array.from({ length: parts }, (_, n) => {
    const byte = Math.floor(address / 256 ** (3 - n)) % 256;
    return n < parts - 1 ? byte : address % 256 ** (5 - parts);
  });
  const written = numbers.map((number) => {
    const base = [10, 8, 16][Math.floor(random() * 3)]!;
    const zeros = '0'.repeat(Math.floor(random() * 3));
    if (base === 10) return String(number);
    return `${base === 8 ? '0' : '0x'}${zeros}${number.toString(base)}`;
  });
  const dotted = [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
  const within = ['::ffff:', '::ffff:0:', '::', '64:ff9b::', '64:ff9b:1::'];
  return random() < 0.3 ? `[${within[Math.floor(random() * within.length)]}${dotted}]` : written.join('.');
}
