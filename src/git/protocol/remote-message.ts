import { RemoteError } from '../../errors.js';
import type { SpecialPacket } from './pkt-line.js';
import { packetText } from './pkt-line.js';

const maxMessageLength = 2000;
const errorPrefix = 'ERR ';

/** The server answered with nothing where something had to come: it does not do what it was asked. */
export class EmptyResponseError extends RemoteError {
  constructor() {
    super('The remote answered with nothing.', {
      retryable: false,
      hint: 'Check that the URL is that of a git repository.',
    });
  }
}

/** The server has nothing of what the request builds upon. */
export class NothingInCommonError extends RemoteError {
  constructor() {
    super('The remote has none of the commits that were known of it.', { retryable: false });
  }
}

/** The server said no, in an `ERR` packet (gitprotocol-pack, "error-line") or on the side band's error channel. */
export class RefusedRequestError extends RemoteError {
  constructor(words: string) {
    // A branch may move between the list of refs and the request for its commit.
    const retryable = words.includes('not our ref');
    super(`The remote says: ${words}`, { retryable, data: { remoteMessage: words } });
  }
}

/** @throws RefusedRequestError for an `ERR` packet */
export function throwIfRefused(packet: Buffer | SpecialPacket | null): void {
  if (!Buffer.isBuffer(packet) || packet.toString('latin1', 0, errorPrefix.length) !== errorPrefix) return;
  throw new RefusedRequestError(cleanMessage(packetText(packet.subarray(errorPrefix.length))));
}

/** A remote's words, made safe to print: no terminal controls, bounded. */
export function cleanMessage(text: string): string {
  const printable = text
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .trim();
  return printable.length > maxMessageLength ? `${printable.slice(0, maxMessageLength)}…` : printable;
}
