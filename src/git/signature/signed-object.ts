import { Refusal } from './refusal.js';

/** An object's bytes as they were signed, and the armoured signature over them. */
export interface SignedObject {
  payload: Buffer;
  signature: string;
}

const headerName = 'gpgsig';
/** Each begins a signature in a tag's message; git knows the same. */
const armourStart = /^-----BEGIN (?:PGP SIGNATURE|PGP MESSAGE|SSH SIGNATURE|SIGNED MESSAGE)-----$/;

/**
 * Takes the signature out of a commit: the `gpgsig` header with its continuation lines. Everything else was signed. A
 * second such header, also one for another kind of object id (`gpgsig-sha256`), stands outside of what is signed and is
 * refused, where git would pass it over.
 * @throws Refusal
 */
export function splitCommit(data: Uint8Array): SignedObject {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const kept: Buffer[] = [];
  const signature: string[] = [];
  let inside = false;
  let at = 0;
  while (at < bytes.length && bytes[at] !== 0x0a) {
    const newline = bytes.indexOf(0x0a, at);
    const end = newline === -1 ? bytes.length : newline + 1;
    const line = bytes.toString('latin1', at, end);
    if (line.startsWith(headerName)) {
      if (signature.length > 0 || !line.startsWith(`${headerName} `)) throw twice();
      inside = true;
      signature.push(line.slice(headerName.length + 1));
    } else if (inside && line.startsWith(' ')) {
      signature.push(line.slice(1));
    } else {
      inside = false;
      kept.push(bytes.subarray(at, end));
    }
    at = end;
  }
  if (signature.length === 0) throw new Refusal('UNSIGNED', 'it is not signed');
  return { payload: Buffer.concat([...kept, bytes.subarray(at)]), signature: signature.join('') };
}

/**
 * Takes the signature off an annotated tag, at whose end it stands.
 * @throws Refusal
 */
export function splitTag(data: Uint8Array): SignedObject {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const found = bytes.indexOf('\n\n');
  const headersEnd = found === -1 ? bytes.length : found + 1;
  if (
    bytes
      .toString('latin1', 0, headersEnd)
      .split('\n')
      .some((line) => line.startsWith(headerName))
  ) {
    throw twice();
  }
  let start = -1;
  for (let at = headersEnd; at < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, at);
    const end = newline === -1 ? bytes.length : newline;
    if (armourStart.test(bytes.toString('latin1', at, Math.min(end, at + 40)))) start = at;
    at = end + 1;
  }
  if (start === -1) throw new Refusal('UNSIGNED', 'it is not signed');
  return { payload: bytes.subarray(0, start), signature: bytes.toString('latin1', start) };
}

function twice(): Refusal {
  return new Refusal('MALFORMED', 'it carries a signature header beside its signature, which nobody signed');
}
