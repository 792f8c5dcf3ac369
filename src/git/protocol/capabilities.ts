import { RemoteError, UnsupportedError } from '../../errors.js';
import { type PacketReader, packetText } from './pkt-line.js';
import { throwIfRefused } from './remote-message.js';

/** Capability → its value, `''` when it has none. */
export type Capabilities = ReadonlyMap<string, string>;

/** What a service says of itself before it is asked anything. */
export type Advertisement =
  | { version: 2; capabilities: Capabilities }
  | { version: 0; capabilities: Capabilities; refs: AdvertisedRef[] };

export interface AdvertisedRef {
  name: string;
  oid: string;
}

const noRefsName = 'capabilities^{}';

/**
 * Reads an advertisement in any protocol version (gitprotocol-v2, "Capability Advertisement"; gitprotocol-pack,
 * "Reference Discovery").
 * @throws UnsupportedError for repositories whose ids are not SHA-1
 */
export async function readAdvertisement(packets: PacketReader, maxRefs: number): Promise<Advertisement> {
  try {
    let line = await nextLine(packets);
    if (line === 'version 2') {
      const words: string[] = [];
      for (line = await nextLine(packets); line !== null; line = await nextLine(packets)) words.push(line);
      const capabilities = parseCapabilities(words);
      requireSha1(capabilities);
      return { version: 2, capabilities };
    }
    if (line === 'version 1') line = await nextLine(packets);
    return await readRefs(packets, line, maxRefs);
  } finally {
    await packets.close();
  }
}

async function readRefs(
  packets: PacketReader,
  first: string | null,
  maxRefs: number,
): Promise<Advertisement> {
  const [firstRef = '', words = ''] = (first ?? '').split('\0');
  const list = words.split(' ').filter((word) => word !== '');
  const capabilities = parseCapabilities(list);
  requireSha1(capabilities);
  const refs: AdvertisedRef[] = [];
  for (let line = first === null ? null : firstRef; line !== null; line = await nextLine(packets)) {
    const ref = /^([\da-f]{40}) (.+)$/.exec(line);
    if (ref?.[1] === undefined || ref[2] === undefined) {
      if (line.startsWith('shallow ')) continue;
      throw new RemoteError('The remote did not answer in the git protocol.', { retryable: false });
    }
    if (ref[2] !== noRefsName) refs.push({ oid: ref[1], name: ref[2] });
    if (refs.length > maxRefs) throw tooManyRefs(maxRefs);
  }
  // One capability may come several times: a symref per name.
  const symrefs = list.filter((word) => word.startsWith('symref='));
  const head = symrefs.find((word) => word.startsWith('symref=HEAD:'));
  return {
    version: 0,
    refs,
    capabilities: head ? new Map([...capabilities, ['symref', head.slice(7)]]) : capabilities,
  };
}

export function tooManyRefs(maxRefs: number): RemoteError {
  return new RemoteError(`The remote lists more than ${maxRefs} refs.`, { retryable: false });
}

function parseCapabilities(words: readonly string[]): Capabilities {
  return new Map(
    words.map((word) => {
      const equals = word.indexOf('=');
      return equals === -1 ? [word, ''] : [word.slice(0, equals), word.slice(equals + 1)];
    }),
  );
}

function requireSha1(capabilities: Capabilities): void {
  const format = capabilities.get('object-format') ?? 'sha1';
  if (format === 'sha1') return;
  throw new UnsupportedError(`The repository uses the object format "${format}"; only "sha1" is supported.`, {
    hint: 'Use a repository whose object ids are SHA-1.',
  });
}

/** The next line; null at the end of a list. */
async function nextLine(packets: PacketReader): Promise<string | null> {
  const packet = await packets.next();
  throwIfRefused(packet);
  return Buffer.isBuffer(packet) ? packetText(packet) : null;
}
