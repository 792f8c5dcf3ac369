import { RemoteError, UnsupportedError } from '../../errors.js';
import { type PackEntry, writePack } from '../pack/write-pack.js';
import { encodePacket, flushPacket, PacketReader, packetText } from '../protocol/pkt-line.js';
import { throwIfRefused } from '../protocol/remote-message.js';
import type { RemoteSession } from '../session.js';

const agent = 'agent=flowgit';
/** Of git's http.postBuffer. */
const postBufferBytes = 1024 * 1024;
export const zeroOid = '0'.repeat(40);

/** What git-receive-pack says before it is asked anything (gitprotocol-pack, "Reference Discovery"). */
export interface ReceivePackOffer {
  refs: ReadonlyMap<string, string>;
  capabilities: ReadonlySet<string>;
}

export interface RefUpdate {
  ref: string;
  /** The compare-and-swap: null when the ref must not exist. */
  from: string | null;
  to: string;
}

/**
 * Asks who may write here and what the refs are: this is where a server refuses a reader's credentials.
 * @throws AuthenticationFailedError, RepositoryNotFoundError, UnsupportedError
 */
export async function discoverReceivePack(session: RemoteSession): Promise<ReceivePackOffer> {
  const reader = new PacketReader(await session.transport.advertise('git-receive-pack', { version: 0 }));
  const refs = new Map<string, string>();
  let capabilities: ReadonlySet<string> | null = null;
  try {
    for (let packet = await reader.next(); packet instanceof Buffer; packet = await reader.next()) {
      throwIfRefused(packet);
      const line = packetText(packet);
      if (line.startsWith('version ')) continue;
      const [advertised = '', offered] = line.split('\0');
      if (offered !== undefined) capabilities = new Set(offered.trim().split(' '));
      const [oid = '', ref = ''] = advertised.split(' ');
      if (oid !== zeroOid && ref.startsWith('refs/')) refs.set(ref, oid);
    }
  } finally {
    await reader.close();
  }
  if (capabilities === null) {
    throw new RemoteError(`${session.url} did not say what can be pushed to it.`, { retryable: false });
  }
  if (capabilities.has('object-format=sha256')) {
    throw new UnsupportedError(`${session.url} names its objects by SHA-256, which is not supported.`);
  }
  return { refs, capabilities };
}

/**
 * The body of a push: one command, then the pack. Whole when it is small, so that its length can be told (some proxies
 * insist on one), otherwise a stream.
 */
export function encodePushRequest(
  update: RefUpdate,
  entries: readonly PackEntry[],
  offer: ReceivePackOffer,
): Uint8Array | AsyncIterable<Uint8Array> {
  const chunks = pushRequestChunks(update, entries, offer);
  const first: Uint8Array[] = [];
  let size = 0;
  for (let next = chunks.next(); !next.done; next = chunks.next()) {
    first.push(next.value);
    size += next.value.length;
    if (size > postBufferBytes) return continued(first, chunks);
  }
  return Buffer.concat(first);
}

/**
 * `atomic` is not asked for: it changes nothing for one ref, and git then reports a lost race as "atomic transaction
 * failed", like any other failure.
 */
function* pushRequestChunks(
  update: RefUpdate,
  entries: readonly PackEntry[],
  { capabilities }: ReceivePackOffer,
): Generator<Uint8Array, void, undefined> {
  const wanted = ['report-status', 'side-band-64k', 'ofs-delta', 'quiet'];
  const chosen = wanted.filter((capability) => capabilities.has(capability));
  const command = `${update.from ?? zeroOid} ${update.to} ${update.ref}`;
  yield encodePacket(`${command}\0 ${[...chosen, agent].join(' ')}`);
  yield flushPacket;
  yield* writePack(capabilities.has('no-thin') ? entries.map(withoutDelta) : entries);
}

function withoutDelta({ type, content }: PackEntry): PackEntry {
  return { type, content };
}

async function* continued(
  first: readonly Uint8Array[],
  rest: Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* first;
  yield* rest;
}
