/** A pkt-line `# service=…` and the flush packet after it. */
const serviceLine = /^[\da-f]{4}# service=[\w-]+\n?0000/;
const longestBytes = 64;

/** Takes off what only HTTP puts in front of an advertisement, when it is there. */
export async function* stripServiceLine(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let head: Buffer | null = Buffer.alloc(0);
  for await (const chunk of body) {
    if (head === null) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < longestBytes) continue;
    yield withoutServiceLine(head);
    head = null;
  }
  if (head !== null && head.length > 0) yield withoutServiceLine(head);
}

function withoutServiceLine(head: Buffer): Buffer {
  const match = serviceLine.exec(head.toString('latin1', 0, longestBytes));
  return match ? head.subarray(match[0].length) : head;
}
