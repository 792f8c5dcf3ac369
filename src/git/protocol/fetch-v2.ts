import { RemoteError } from '../../errors.js';
import type { FetchedPack, FetchRequest } from '../session.js';
import { oidWord } from './oid-word.js';
import { delimiterPacket, encodePacket, flushPacket, type PacketReader, packetText } from './pkt-line.js';
import { EmptyResponseError, NothingInCommonError, throwIfRefused } from './remote-message.js';
import { readSideBand } from './side-band.js';

interface FetchV2Options {
  withProgress: boolean;
  /** The pack comes whatever the server has in common; otherwise only when it has enough to begin with. */
  done: boolean;
}

/** The `fetch` command of gitprotocol-v2. */
export function encodeFetchV2(request: FetchRequest, { withProgress, done }: FetchV2Options): Buffer {
  const { wants, haves = [], shallow = [], deepen = 0, filter, thin = false, includeTag = false } = request;
  const lines = [
    'ofs-delta',
    ...(thin ? ['thin-pack'] : []),
    ...(withProgress ? [] : ['no-progress']),
    ...(includeTag ? ['include-tag'] : []),
    ...wants.map((oid) => `want ${oid}`),
    ...shallow.map((oid) => `shallow ${oid}`),
    ...(deepen > 0 ? [`deepen ${deepen}`] : []),
    ...(filter === undefined ? [] : [`filter ${filter}`]),
    ...haves.map((oid) => `have ${oid}`),
    ...(done ? ['done'] : []),
  ];
  return Buffer.concat([
    encodePacket('command=fetch\n'),
    delimiterPacket,
    ...lines.map((line) => encodePacket(`${line}\n`)),
    flushPacket,
  ]);
}

/**
 * Reads the sections in front of the pack; the pack itself is left to the caller.
 * @returns null when the server has some of what we have, and waits for `done`
 * @throws NothingInCommonError when it has nothing of it, and waits
 */
export async function readFetchV2(
  packets: PacketReader,
  onMessage: (message: string) => void,
): Promise<FetchedPack | null> {
  const shallow: string[] = [];
  const unshallow: string[] = [];
  let common: boolean | null = null;
  try {
    for (let first = true; ; first = false) {
      const packet = await packets.next();
      if (packet === null && first) throw new EmptyResponseError();
      throwIfRefused(packet);
      if (!Buffer.isBuffer(packet)) {
        if (packet === 'delimiter') continue;
        if (packet === 'flush' && common !== null) {
          if (!common) throw new NothingInCommonError();
          await packets.close();
          return null;
        }
        throw new RemoteError("The remote's answer ends before its pack.");
      }
      const line = packetText(packet);
      if (line === 'packfile') return { shallow, unshallow, pack: readSideBand(packets, onMessage) };
      if (line.startsWith('shallow ')) shallow.push(oidWord(line.slice('shallow '.length)));
      else if (line.startsWith('unshallow ')) unshallow.push(oidWord(line.slice('unshallow '.length)));
      else if (line === 'acknowledgments') common = false;
      else if (line.startsWith('ACK ')) common = true;
      // Whatever else comes here says nothing new, or was not asked for.
    }
  } catch (error) {
    await packets.close();
    throw error;
  }
}
