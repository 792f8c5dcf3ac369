import { RemoteError } from '../../errors.js';
import { PacketReader, packetText } from '../protocol/pkt-line.js';

/** What a server made of a push (gitprotocol-pack, "Report Status"). */
export interface PushReport {
  /** `ok`, or why the pack was not taken. */
  unpack: string;
  /** By ref: null when it was updated, or why not. */
  refs: ReadonlyMap<string, string | null>;
  /** What the server's hooks and programs wrote, cleaned and bounded. */
  messages: string[];
}

const maxMessageBytes = 32 * 1024;
const maxMessages = 100;
const maxLineLength = 500;

/**
 * Reads the answer to a push.
 * @throws RemoteError when it breaks off before the report is complete: the push may have landed
 */
export async function readPushReport(
  answer: AsyncIterable<Uint8Array>,
  sideBand: boolean,
): Promise<PushReport> {
  if (!sideBand) return { ...(await readReport(answer)), messages: [] };
  const spoken: Buffer[] = [];
  const report = await readReport(splitBands(answer, spoken)).catch((error: unknown) => {
    const messages = cleanMessages(Buffer.concat(spoken));
    if (!(error instanceof RemoteError) || messages.length === 0) throw error;
    throw new RemoteError(`${error.message} ${remoteWords(messages)}`, {
      retryable: error.retryable,
      cause: error,
    });
  });
  return { ...report, messages: cleanMessages(Buffer.concat(spoken)) };
}

/** Lines of the remote as git prints them, for the end of an error message. */
export function remoteWords(messages: readonly string[]): string {
  return messages.map((line) => `remote: ${line}`).join('\n');
}

async function readReport(lines: AsyncIterable<Uint8Array>): Promise<Omit<PushReport, 'messages'>> {
  const reader = new PacketReader(lines);
  const refs = new Map<string, string | null>();
  let unpack: string | null = null;
  let packet = await reader.next();
  for (; packet instanceof Buffer; packet = await reader.next()) {
    const line = packetText(packet);
    const [word = '', ref = ''] = line.split(' ', 2);
    if (word === 'unpack') unpack = line.slice('unpack '.length);
    else if (word === 'ok') refs.set(ref, null);
    else if (word === 'ng') refs.set(ref, line.slice(`ng ${ref} `.length));
  }
  // Whatever the server still has to say stands behind the report.
  if (packet === 'flush') await drain(reader.rest());
  if (unpack === null)
    throw new RemoteError('The remote closed the connection before it reported on the push.');
  return { unpack, refs };
}

async function drain(bytes: AsyncIterator<Uint8Array>): Promise<void> {
  while (!(await bytes.next()).done) {}
}

/** Band 1 is the report, 2 is what the server's programs write, 3 is a fatal error. */
async function* splitBands(answer: AsyncIterable<Uint8Array>, spoken: Buffer[]): AsyncGenerator<Uint8Array> {
  const reader = new PacketReader(answer);
  let spokenBytes = 0;
  try {
    for (let packet = await reader.next(); packet instanceof Buffer; packet = await reader.next()) {
      const content = packet.subarray(1);
      if (packet[0] === 1) yield Buffer.from(content);
      else if (packet[0] === 3)
        throw new RemoteError(`The remote gave up: ${cleanMessages(content).join(' ')}`);
      else if (spokenBytes < maxMessageBytes) {
        spoken.push(Buffer.from(content));
        spokenBytes += content.length;
      }
    }
  } finally {
    await reader.close();
  }
}

/** Text that may be printed: no escape sequences, no control characters, bounded. */
function cleanMessages(bytes: Buffer): string[] {
  return bytes
    .toString('utf8')
    .replace(/\p{Cc}\[[0-?]*[ -/]*[@-~]/gu, '')
    .split(/[\r\n]+/)
    .map((line) =>
      line
        .replace(/\p{Cc}/gu, ' ')
        .trimEnd()
        .slice(0, maxLineLength),
    )
    .filter((line) => line !== '')
    .slice(0, maxMessages);
}
