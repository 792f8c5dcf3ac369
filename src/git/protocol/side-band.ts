import { RemoteError } from '../../errors.js';
import { type PacketReader, truncated } from './pkt-line.js';
import { cleanMessage, RefusedRequestError, throwIfRefused } from './remote-message.js';

const dataBand = 1;

/**
 * The pack out of its side band (gitprotocol-pack, "Packfile Data"): band 1 is data, 2 progress, 3 a fatal error.
 * @throws RemoteError when it ends without a flush packet
 */
export async function* readSideBand(
  packets: PacketReader,
  onMessage: (message: string) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (;;) {
      let left = await packets.begin(dataBand);
      if (left > 0) {
        while (left > 0) {
          const piece = await packets.piece(left);
          left -= piece.length;
          yield piece;
        }
        continue;
      }
      const packet = await packets.next();
      if (packet === null) throw truncated();
      if (typeof packet === 'string') return;
      throwIfRefused(packet);
      const content = packet.subarray(1);
      switch (packet[0]) {
        case dataBand:
          break; // without data
        case 2:
          onMessage(cleanMessage(content.toString('utf8')));
          break;
        case 3:
          throw new RefusedRequestError(cleanMessage(content.toString('utf8')));
        default:
          throw new RemoteError('The remote did not answer in the git protocol.', { retryable: false });
      }
    }
  } finally {
    await packets.close();
  }
}
