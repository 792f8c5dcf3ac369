import { RemoteError } from '../../errors.js';
import type { FetchedPack, FetchRequest } from '../session.js';
import { delimiterPacket, encodePacket, flushPacket, type PacketReader, packetText } from './pkt-line.js';
import { EmptyResponseError, throwIfRefused } from './remote-message.js';
import { readSideBand } from './side-band.js';

/** The `fetch` command of gitprotocol-v2, in one round: `done` is said at once, whatever the server has in common. */
export function encodeFetchV2(request: FetchRequest, withProgress: boolean): Buffer {
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
    'done',
  ];
  return Buffer.concat([
    encodePacket('command=fetch\n'),
    delimiterPacket,
    ...lines.map((line) => encodePacket(`${line}\n`)),
    flushPacket,
  ]);
}

/** Reads the sections in front of the pack; the pack itself is left to the caller. */
export async function readFetchV2(
  packets: PacketReader,
  onMessage: (message: string) => void,
): Promise<FetchedPack> {
  const shallow: string[] = [];
  const unshallow: string[] = [];
  try {
    for (let first = true; ; first = false) {
      const packet = await packets.next();
      if (packet === null && first) throw new EmptyResponseError();
      throwIfRefused(packet);
      if (!Buffer.isBuffer(packet)) {
        if (packet === 'delimiter') continue;
        throw new RemoteError("The remote's answer ends before its pack.");
      }
      const line = packetText(packet);
      if (line === 'packfile') return { shallow, unshallow, pack: readSideBand(packets, onMessage) };
      if (line.startsWith('shallow ')) shallow.push(line.slice('shallow '.length));
      else if (line.startsWith('unshallow ')) unshallow.push(line.slice('unshallow '.length));
      // Whatever else comes here (acknowledgments, wanted-refs) was not asked for and says nothing new.
    }
  } catch (error) {
    await packets.close();
    throw error;
  }
}
