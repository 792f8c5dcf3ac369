import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodePacket, flushPacket, PacketReader, packetText } from '../../../src/git/protocol/pkt-line.js';
import { readSideBand } from '../../../src/git/protocol/side-band.js';
import { inChunks } from '../pack/hand-made-pack.js';

const packets = (bytes: string | Uint8Array, chunkBytes = 3) =>
  new PacketReader(inChunks(Buffer.from(bytes as Uint8Array), chunkBytes));

async function readAll(reader: PacketReader): Promise<unknown[]> {
  const found: unknown[] = [];
  for (let next = await reader.next(); next !== null; next = await reader.next()) {
    found.push(Buffer.isBuffer(next) ? next.toString('latin1') : next);
  }
  return found;
}

describe('packets', () => {
  test('are read as they were written, however the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 4000 }),
        async (payloads, chunkBytes) => {
          const bytes = Buffer.concat([...payloads.map((payload) => encodePacket(payload)), flushPacket]);
          const read = await readAll(packets(bytes, chunkBytes));
          expect(read).toEqual([
            ...payloads.map((payload) => Buffer.from(payload).toString('latin1')),
            'flush',
          ]);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('have the forms of the documentation', async () => {
    expect(encodePacket('a\n').toString()).toBe('0006a\n');
    expect(encodePacket('foobar\n').toString()).toBe('000bfoobar\n');
    expect(encodePacket('').toString()).toBe('0004');
    expect(await readAll(packets('0004000100020000'))).toEqual(['', 'delimiter', 'response-end', 'flush']);
    expect(packetText(Buffer.from('hé\n'))).toBe('hé');
    expect(packetText(Buffer.from('no line feed'))).toBe('no line feed');
  });

  test('of the largest size are written and read, larger ones are not written', async () => {
    const largest = Buffer.alloc(65_516, 'x');
    expect(await readAll(packets(encodePacket(largest), 1000))).toEqual([largest.toString()]);
    expect(() => encodePacket(Buffer.alloc(65_517))).toThrow(RangeError);
  });

  test.each(['0', '000', '0009abc', '0005'])('that end early (%j) are an error', async (bytes) => {
    await expect(readAll(packets(bytes))).rejects.toMatchObject({ code: 'REMOTE_ERROR', retryable: true });
  });

  test.each(['<!DOCTYPE html>', '0003', '00zz', '-001abc', ' 123abc'])('are not %j', async (bytes) => {
    await expect(readAll(packets(bytes))).rejects.toMatchObject({ code: 'REMOTE_ERROR', retryable: false });
  });

  test('random bytes are refused or read, never worse', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await readAll(packets(bytes)).catch((error) => expect(error).toMatchObject({ code: 'REMOTE_ERROR' }));
      }),
    );
  });

  test('give way to the rest of the stream', async () => {
    const reader = packets('0005arest of it');
    await reader.next();
    const rest: Uint8Array[] = [];
    for await (const chunk of reader.rest()) rest.push(chunk);
    expect(Buffer.concat(rest).toString()).toBe('rest of it');
  });
});

describe('the side band', () => {
  const band = (number: number, text: string) =>
    encodePacket(Buffer.concat([Buffer.from([number]), Buffer.from(text)]));

  async function demultiplex(...parts: Uint8Array[]): Promise<{ data: string; messages: string[] }> {
    const messages: string[] = [];
    let data = '';
    for await (const chunk of readSideBand(packets(Buffer.concat(parts)), (message) =>
      messages.push(message),
    )) {
      data += Buffer.from(chunk).toString();
    }
    return { data, messages };
  }

  test('is parted into data and messages', async () => {
    const result = await demultiplex(band(1, 'PA'), band(2, 'Counting\r'), band(1, 'CK'), flushPacket);
    expect(result).toEqual({ data: 'PACK', messages: ['Counting'] });
  });

  test('is the same however packets and stream are cut, also where a packet has no data', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(1, 1, 2), fc.string({ unit: 'binary-ascii', maxLength: 300 })), {
          maxLength: 20,
        }),
        fc.integer({ min: 1, max: 700 }),
        async (parts, chunkBytes) => {
          const bytes = Buffer.concat([...parts.map(([number, text]) => band(number, text)), flushPacket]);
          let count = 0;
          let data = '';
          for await (const piece of readSideBand(packets(bytes, chunkBytes), () => count++)) {
            data += Buffer.from(piece).toString();
          }
          expect(data).toBe(parts.map(([number, text]) => (number === 1 ? text : '')).join(''));
          expect(count).toBe(parts.filter(([number]) => number === 2).length);
        },
      ),
      { numRuns: 200 },
    );
  });

  test.each([1, 5, 6, 20])('that is cut off after %i bytes of a packet ends early', async (length) => {
    const cut = band(1, 'some bytes of a pack').subarray(0, length);
    await expect(demultiplex(band(1, 'PACK'), cut)).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
      retryable: true,
    });
  });

  test('ends early when no flush packet ends it', async () => {
    await expect(demultiplex(band(1, 'PACK'))).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
      retryable: true,
    });
  });

  test('tells a fatal error in the words of the server, without its terminal controls', async () => {
    await expect(demultiplex(band(3, 'out of \u001b[31mmemory\n'), flushPacket)).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
      message: 'The remote says: out of [31mmemory',
    });
    await expect(demultiplex(encodePacket('ERR upload-pack: not our ref'))).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
      retryable: true,
    });
  });

  test('with an unknown band is not git', async () => {
    await expect(demultiplex(band(7, 'x'), flushPacket)).rejects.toMatchObject({ code: 'REMOTE_ERROR' });
  });
});
