import { BlockList, isIP } from 'node:net';
import { InvalidPropertiesError } from '../../../errors.js';
import type { ProxySettings } from '../../types.js';

/** The proxy for a URL; null means a direct connection. */
export function proxyFor(url: URL, settings: ProxySettings | undefined): URL | null {
  const proxy = url.protocol === 'https:' ? settings?.https : settings?.http;
  if (!proxy || isExcluded(url, settings?.noProxy)) return null;
  const text = proxy.includes('://') ? proxy : `http://${proxy}`;
  const parsed = URL.canParse(text) ? new URL(text) : null;
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
    throw new InvalidPropertiesError('The proxy setting is not the URL of an HTTP proxy.', {
      hint: 'Write it as "http://host:port".',
    });
  }
  return parsed;
}

export function proxyAuthorization(proxy: URL): string | null {
  if (proxy.username === '' && proxy.password === '') return null;
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/**
 * As curl reads NO_PROXY: `*` is everything; a name stands for itself and what is below it, with or without a leading
 * dot; an address stands for itself or, with a prefix length, for its network; a port narrows an entry.
 */
function isExcluded(url: URL, noProxy: string | undefined): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const entries = (noProxy ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');
  return entries.some((entry) => entry === '*' || matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  const [, bracketed, plain = '', entryPort] =
    /^(?:\[(.+)\]|([^:]+|.*:.*:.*?))(?::(\d+))?$/.exec(entry) ?? [];
  if (entryPort !== undefined && entryPort !== port) return false;
  const pattern = bracketed ?? plain;
  if (pattern.includes('/')) return inNetwork(pattern, host);
  if (isIP(host)) return pattern === host;
  const name = pattern.replace(/^\*?\./, '');
  return name !== '' && (host === name || host.endsWith(`.${name}`));
}

function inNetwork(network: string, host: string): boolean {
  const [address = '', length = ''] = network.split('/');
  const family = isIP(address);
  const prefix = Number(length);
  if (family === 0 || family !== isIP(host) || !(prefix >= 0 && prefix <= (family === 4 ? 32 : 128)))
    return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, prefix, type);
  return list.check(host, type);
}
