import { isRefName } from '../ref-name.js';
import type { RemoteRefs } from '../types.js';
import type { AdvertisedRef, Capabilities } from './capabilities.js';
import { tooManyRefs } from './capabilities.js';
import { oidWord } from './oid-word.js';
import {
  delimiterPacket,
  encodePacket,
  flushPacket,
  type PacketReader,
  packetText,
  truncated,
} from './pkt-line.js';
import { EmptyResponseError, throwIfRefused } from './remote-message.js';

const peeledSuffix = '^{}';

/** The `ls-refs` command of gitprotocol-v2. */
export function encodeLsRefs(prefixes: readonly string[] | undefined): Buffer {
  const wanted = prefixes === undefined ? [] : [...new Set(['HEAD', ...prefixes])];
  return Buffer.concat([
    encodePacket('command=ls-refs\n'),
    delimiterPacket,
    encodePacket('peel\n'),
    encodePacket('symrefs\n'),
    ...wanted.map((prefix) => encodePacket(`ref-prefix ${prefix}\n`)),
    flushPacket,
  ]);
}

/** @throws EmptyResponseError when the server did not understand the command */
export async function readLsRefs(
  packets: PacketReader,
  prefixes: readonly string[] | undefined,
  maxRefs: number,
): Promise<RemoteRefs> {
  const found = new RefsBuilder(prefixes);
  try {
    for (let count = 0; ; count++) {
      const packet = await packets.next();
      if (packet === null) throw count === 0 ? new EmptyResponseError() : truncated();
      if (!Buffer.isBuffer(packet)) return found.refs();
      throwIfRefused(packet);
      if (count >= maxRefs) throw tooManyRefs(maxRefs);
      const [oid = '', name = '', ...attributes] = packetText(packet).split(' ');
      if (oid === 'unborn') continue;
      const attribute = (key: string): string | undefined =>
        attributes.find((word) => word.startsWith(key))?.slice(key.length);
      found.add(name, oid, attribute('symref-target:') ?? null, attribute('peeled:'));
    }
  } finally {
    await packets.close();
  }
}

/** Asks for `HEAD` alone, also where it names a branch without commits; only for servers that say `ls-refs=unborn`. */
export function encodeLsUnbornHead(): Buffer {
  return Buffer.concat([
    encodePacket('command=ls-refs\n'),
    delimiterPacket,
    encodePacket('symrefs\n'),
    encodePacket('unborn\n'),
    encodePacket('ref-prefix HEAD\n'),
    flushPacket,
  ]);
}

/** The full name of the ref that `HEAD` is to be; null when it has a commit, or names no other ref. */
export async function readUnbornHead(packets: PacketReader): Promise<string | null> {
  let head: string | null = null;
  try {
    for (;;) {
      const packet = await packets.next();
      if (packet === null) throw truncated();
      if (!Buffer.isBuffer(packet)) return head;
      throwIfRefused(packet);
      head ??= /^unborn HEAD symref-target:(\S+)/.exec(packetText(packet))?.[1] ?? null;
    }
  } finally {
    await packets.close();
  }
}

/** The refs of an older protocol's advertisement, in which annotated tags are peeled by lines of their own. */
export function advertisedRefs(
  refs: readonly AdvertisedRef[],
  capabilities: Capabilities,
  prefixes: readonly string[] | undefined,
): RemoteRefs {
  const found = new RefsBuilder(prefixes);
  const peeled = new Map(
    refs.filter(({ name }) => name.endsWith(peeledSuffix)).map(({ name, oid }) => [name.slice(0, -3), oid]),
  );
  const head = refs.find(({ name }) => name === 'HEAD')?.oid;
  const symref = capabilities.get('symref')?.replace(/^HEAD:/, '') ?? null;
  const branches = refs.filter(({ name, oid }) => oid === head && name.startsWith('refs/heads/'));
  // Servers before git 1.8.4.3 do not tell which branch HEAD is.
  const likely = branches.find(({ name }) => /\/(?:main|master)$/.test(name)) ?? branches[0];
  for (const { name, oid } of refs) {
    if (name.endsWith(peeledSuffix)) continue;
    found.add(name, oid, symref ?? likely?.name ?? null, peeled.get(name));
  }
  return found.refs();
}

/**
 * Gathers refs; servers may send more than the prefixes ask for. Names become paths and lines of files: one that git
 * would not keep is nobody's, and left out as git leaves it out.
 */
class RefsBuilder {
  readonly #prefixes: readonly string[] | undefined;
  readonly #refs = new Map<string, string>();
  readonly #peeled = new Map<string, string>();
  #head: RemoteRefs['head'] = null;

  constructor(prefixes: readonly string[] | undefined) {
    this.#prefixes = prefixes;
  }

  add(name: string, oid: string, symrefTarget: string | null, peeled: string | undefined): void {
    if (name === 'HEAD') {
      this.#head = {
        ref: symrefTarget !== null && isRefName(symrefTarget) ? symrefTarget : null,
        oid: oidWord(oid),
      };
      return;
    }
    if (this.#prefixes && !this.#prefixes.some((prefix) => name.startsWith(prefix))) return;
    if (!isRefName(name)) return;
    this.#refs.set(name, oidWord(oid));
    if (peeled !== undefined) this.#peeled.set(name, oidWord(peeled));
  }

  refs(): RemoteRefs {
    return { head: this.#head, refs: this.#refs, peeled: this.#peeled };
  }
}
