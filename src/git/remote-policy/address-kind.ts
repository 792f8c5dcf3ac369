import { BlockList, isIP } from 'node:net';

/**
 * - `public`: anyone's.
 * - `private`: this machine's, and networks that are not on the Internet.
 * - `special`: link-local (where clouds hand out credentials), unspecified, multicast, reserved. No git server is there.
 */
export type AddressKind = 'public' | 'private' | 'special';

/** IANA's special-purpose registries, RFC 6890 and its successors. */
const privateNetworks = networks(() => [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['::1', 128],
  ['fc00::', 7],
]);
const specialNetworks = networks(() => [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  ['::', 128],
  ['::ffff:0:0:0', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fe80::', 9],
  ['ff00::', 8],
]);

/** What kind of address this is; an IPv6 address that stands for an IPv4 one is judged as that. */
export function addressKind(address: string): AddressKind {
  const plain = plainAddress(address);
  const type = isIP(plain) === 4 ? 'ipv4' : 'ipv6';
  if (privateNetworks().check(plain, type)) return 'private';
  return specialNetworks().check(plain, type) ? 'special' : 'public';
}

/** Without a zone, and as IPv4 where an IPv6 address embeds one: mapped, compatible, NAT64, 6to4. */
export function plainAddress(address: string): string {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (isIP(bare) !== 6) return bare;
  const words = wordsOf(bare);
  const start = words.slice(0, 6).join(':');
  const isLow = start === '0:0:0:0:0:0' && (words[6] !== 0 || (words[7] ?? 0) > 1);
  if (isLow || start === '0:0:0:0:0:65535' || start === '100:65435:0:0:0:0') return ipv4(words[6], words[7]);
  return words[0] === 0x2002 ? ipv4(words[1], words[2]) : bare;
}

/** The eight words of an IPv6 address. */
function wordsOf(address: string): number[] {
  // The URL parser writes every form of an address in one way, without dotted parts.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const parse = (part: string) =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  const [before, after] = [parse(head), parse(tail ?? '')];
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function ipv4(high = 0, low = 0): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** Made when first asked for: most runs judge no address. */
function networks(all: () => [string, number][]): () => BlockList {
  let list: BlockList | null = null;
  return () => {
    if (list !== null) return list;
    list = new BlockList();
    for (const [address, prefix] of all()) {
      list.addSubnet(address, prefix, isIP(address) === 4 ? 'ipv4' : 'ipv6');
    }
    return list;
  };
}
