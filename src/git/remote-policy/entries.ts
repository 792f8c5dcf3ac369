import { realpathSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidPropertiesError } from '../../errors.js';
import { plainAddress } from './address-kind.js';

/** One line of `allowedRemotes`, as questions about a URL, a path or an address. */
export type Entry =
  | { kind: 'directory'; holds(path: string): boolean }
  | { kind: 'anything'; matches(url: URL): boolean }
  | { kind: 'name'; matches(url: URL): boolean }
  | { kind: 'network'; matches(url: URL): boolean; contains(address: string): boolean };

const hint =
  'Write a host ("git.example", "*.example", "https://git.example:8443"), an address or network ("10.1.0.0/16"), a directory ("file:///srv/git"), or "*" for every public host.';

/** @throws InvalidPropertiesError */
export function parseEntry(text: string): Entry {
  // An entry is quoted, so it must not be a URL with credentials that was pasted.
  if (text.includes('@')) throw unfit('An entry of "allowedRemotes" has credentials in it.');
  if (text.startsWith('file:')) return directoryEntry(text);
  const [, scheme, rest = ''] = /^(?:([a-z][a-z+]*):\/\/)?(.+)$/i.exec(text.trim()) ?? [];
  const { host, prefix, port } = takeApart(rest);
  const matches = (url: URL): boolean =>
    (scheme === undefined || url.protocol === `${scheme.toLowerCase()}:`) &&
    (port === undefined || portOf(url) === port);
  if (host === '*') return { kind: 'anything', matches };
  if (isIP(host) !== 0) return { kind: 'network', matches, contains: networkOf(host, prefix, text) };
  const name = host.toLowerCase().replace(/^\*\./, '');
  if (prefix !== undefined || !/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(name)) throw unfitEntry(text);
  const below = host.startsWith('*.');
  return {
    kind: 'name',
    matches: (url) => matches(url) && (below ? hostOf(url).endsWith(`.${name}`) : hostOf(url) === name),
  };
}

/** A URL's host in lower case, without brackets and the dot that may end it. */
export function hostOf(url: URL): string {
  return url.hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}

function takeApart(text: string): { host: string; prefix?: string | undefined; port?: string | undefined } {
  const [, bracketed, bare = '', prefix, port] =
    /^(?:\[([^\]]+)\]|([^/:[\]]+|[0-9a-f:.]+))(?:\/(\d{1,3}))?(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const whole = text.replace(/\/\d+$/, '');
  // An IPv6 address without brackets has no port.
  if (isIP(whole) === 6) return { host: whole, prefix: /\/(\d+)$/.exec(text)?.[1] };
  return { host: bracketed ?? bare, prefix, port };
}

function networkOf(host: string, prefix: string | undefined, text: string): (address: string) => boolean {
  const bits = isIP(host) === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  if (length > bits) throw unfitEntry(text);
  const list = new BlockList();
  list.addSubnet(host, length, bits === 32 ? 'ipv4' : 'ipv6');
  return (address) => {
    const plain = plainAddress(address);
    return list.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6');
  };
}

function directoryEntry(text: string): Entry {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.hostname !== '') throw unfitEntry(text);
  const directory = resolve(fileURLToPath(url));
  return {
    kind: 'directory',
    holds(path) {
      const [root, held] = [followLinks(directory), followLinks(path)];
      return held === root || held.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
    },
  };
}

/** So that a link below an allowed directory does not lead out of it. */
function followLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // What is not there cannot be read through a link either.
    return path;
  }
}

function portOf(url: URL): string {
  const usual: Record<string, string> = { 'https:': '443', 'http:': '80' };
  return url.port || (usual[url.protocol] ?? '22');
}

function unfitEntry(text: string): InvalidPropertiesError {
  return unfit(`${JSON.stringify(text)} in "allowedRemotes" is no host, address or directory.`);
}

function unfit(message: string): InvalidPropertiesError {
  return new InvalidPropertiesError(message, { hint });
}
