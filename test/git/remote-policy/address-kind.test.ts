import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressKind, plainAddress } from '../../../src/git/remote-policy/address-kind.js';

const ipv4 = fc.ipV4();

describe('the kind of an address', () => {
  it.each([
    ['127.0.0.1', 'private'],
    ['127.8.9.10', 'private'],
    ['10.255.255.255', 'private'],
    ['172.15.255.255', 'public'],
    ['172.16.0.0', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.0', 'public'],
    ['192.168.0.1', 'private'],
    ['192.169.0.1', 'public'],
    ['100.64.0.1', 'private'],
    ['100.128.0.1', 'public'],
    ['169.254.169.254', 'special'],
    ['0.0.0.0', 'special'],
    ['198.19.0.1', 'special'],
    ['224.0.0.1', 'special'],
    ['255.255.255.255', 'special'],
    ['8.8.8.8', 'public'],
    ['::1', 'private'],
    ['::', 'special'],
    ['fd00::1', 'private'],
    ['fe80::1', 'special'],
    ['fe80::1%eth0', 'special'],
    ['fec0::1', 'special'],
    ['ff02::1', 'special'],
    ['2001:db8::1', 'special'],
    ['2001:0:1::1', 'special'],
    ['2606:4700::1', 'public'],
    ['::ffff:0:7f00:1', 'special'],
  ])('of %s is %s', (address, kind) => {
    expect(addressKind(address)).toBe(kind);
  });

  it('of an IPv6 address that stands for an IPv4 one is that one’s', () => {
    fc.assert(
      fc.property(ipv4, (address) => {
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
        const [high, low] = [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
        const kind = addressKind(address);
        const forms = [`::ffff:${address}`, `::ffff:${high}:${low}`, `64:ff9b::${high}:${low}`];
        for (const form of [...forms, `2002:${high}:${low}::5`, `[::ffff:${address}]`]) {
          expect([form, plainAddress(form), addressKind(form)]).toEqual([form, address, kind]);
        }
      }),
    );
  });
});
