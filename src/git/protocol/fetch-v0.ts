import { RemoteError } from '../../errors.js';
import type { FetchedPack, FetchRequest } from '../session.js';
import type { Capabilities } from './capabilities.js';
import { oidWord } from './oid-word.js';
import { encodePacket, flushPacket, type PacketReader, packetText } from './pkt-line.js';
import { EmptyResponseError, throwIfRefused } from './remote-message.js';
import { readSideBand } from './side-band.js';

/** A stateless request of gitprotocol-pack ("Packfile Negotiation"), in one round and with what the server can do. */
export function encodeFetchV0(request: FetchRequest, server: Capabilities, withProgress: boolean): Buffer {
  const { wants, haves = [], shallow = [], deepen = 0, filter, thin = false, includeTag = false } = request;
  const chosen = [
    'side-band-64k',
    'ofs-delta',
    'shallow',
    ...(thin ? ['thin-pack'] : []),
    ...(withProgress ? [] : ['no-progress']),
    ...(includeTag ? ['include-tag'] : []),
    ...(filter === undefined ? [] : ['filter']),
  ].filter((capability) => server.has(capability));
  if (!server.has('side-band-64k') && server.has('side-band')) chosen.push('side-band');
  const canDeepen = server.has('shallow');
  return Buffer.concat([
    ...wants.map((oid, index) => encodePacket(`want ${oid}${index === 0 ? ` ${chosen.join(' ')}` : ''}\n`)),
    ...(canDeepen ? shallow.map((oid) => encodePacket(`shallow ${oid}\n`)) : []),
    ...(canDeepen && deepen > 0 ? [encodePacket(`deepen ${deepen}\n`)] : []),
    ...(filter === undefined ? [] : [encodePacket(`filter ${filter}\n`)]),
    flushPacket,
    ...haves.map((oid) => encodePacket(`have ${oid}\n`)),
    encodePacket('done\n'),
  ]);
}

/** Reads shallow lines and the acknowledgement; the pack itself is left to the caller. */
export async function readFetchV0(
  packets: PacketReader,
  server: Capabilities,
  onMessage: (message: string) => void,
): Promise<FetchedPack> {
  const shallow: string[] = [];
  const unshallow: string[] = [];
  try {
    for (let first = true; ; first = false) {
      const packet = await packets.next();
      if (packet === null)
        throw first ? new EmptyResponseError() : new RemoteError("The remote's answer ends early.");
      throwIfRefused(packet);
      if (!Buffer.isBuffer(packet)) continue;
      const line = packetText(packet);
      if (line.startsWith('shallow ')) shallow.push(oidWord(line.slice('shallow '.length)));
      else if (line.startsWith('unshallow ')) unshallow.push(oidWord(line.slice('unshallow '.length)));
      else if (line === 'NAK' || line.startsWith('ACK ')) break;
      else throw new RemoteError('The remote did not answer in the git protocol.', { retryable: false });
    }
  } catch (error) {
    await packets.close();
    throw error;
  }
  const banded = server.has('side-band-64k') || server.has('side-band');
  return { shallow, unshallow, pack: banded ? readSideBand(packets, onMessage) : packets.rest() };
}
