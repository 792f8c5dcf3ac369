import { createHash, sign, verify } from 'node:crypto';
import { Refusal } from './refusal.js';
import type { SshPrivateKey } from './ssh-private-key.js';
import { curves, fingerprint, printable, type SshPublicKey } from './ssh-public-key.js';
import { SshReader, sshNumber, sshString } from './ssh-wire.js';

/*
 * SSH signatures of files (openssh: PROTOCOL.sshsig), as git makes and checks them: in the namespace "git", so that a
 * signature made for something else is worth nothing here.
 */

const magic = 'SSHSIG';
const version = 1;
const namespace = 'git';
const lineLength = 70;
const armour = /^-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)\n-----END SSH SIGNATURE-----\n?$/;
const rsaHashes: Readonly<Record<string, string>> = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' };

/** An armoured signature over `payload`. */
export function signWithSsh({ key, blob }: SshPrivateKey, payload: Uint8Array): string {
  const hash = 'sha512';
  const signature = rawSignature({ key, blob }, signedData(payload, namespace, '', hash));
  const packed = Buffer.concat([
    Buffer.from(magic),
    Buffer.from([0, 0, 0, version]),
    ...[blob, namespace, '', hash, signature].map(sshString),
  ]);
  const lines = packed.toString('base64').match(new RegExp(`.{1,${lineLength}}`, 'g')) ?? [];
  return ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----', ''].join('\n');
}

/**
 * Checks an armoured signature over `payload`.
 * @throws Refusal
 */
export function verifySsh(armoured: string, payload: Uint8Array, trusted: readonly SshPublicKey[]): void {
  const body = armour.exec(armoured)?.[1];
  if (body === undefined) throw new Refusal('MALFORMED', 'its SSH signature is cut off or damaged');
  const found = unpack(Buffer.from(body, 'base64'));
  if (found.namespace !== namespace) {
    throw new Refusal(
      'BAD_SIGNATURE',
      `its signature was made for "${printable(found.namespace)}", not for git`,
    );
  }
  const signer = trusted.find(({ blob }) => blob.equals(found.blob));
  if (signer === undefined) {
    throw new Refusal(
      'UNKNOWN_KEY',
      `it is signed with a key that is not listed, ${fingerprint(found.blob)}`,
    );
  }
  const data = signedData(payload, found.namespace, found.reserved, found.hash);
  if (!isGood(signer, found.signature, data)) {
    throw new Refusal('BAD_SIGNATURE', 'its signature does not belong to its content');
  }
}

function unpack(bytes: Buffer) {
  try {
    const reader = new SshReader(bytes);
    if (reader.bytes(magic.length).toString('latin1') !== magic) throw new RangeError('no SSH signature');
    if (reader.uint32() !== version) throw new RangeError('an unknown version');
    const blob = reader.string();
    const [given, reserved, hash] = [reader.text(), reader.string(), reader.text()];
    const signature = reader.string();
    if (reader.rest.length > 0 || !/^sha(256|512)$/.test(hash)) throw new RangeError('not as it should be');
    return { blob, namespace: given, reserved, hash, signature };
  } catch (cause) {
    throw new Refusal('MALFORMED', 'its SSH signature is cut off or damaged', { cause });
  }
}

function signedData(payload: Uint8Array, space: string, reserved: Uint8Array | string, hash: string): Buffer {
  const digest = createHash(hash).update(payload).digest();
  return Buffer.concat([Buffer.from(magic), ...[space, reserved, hash, digest].map(sshString)]);
}

function rawSignature({ key, blob }: SshPrivateKey, data: Buffer): Buffer {
  const type = new SshReader(blob).text();
  if (type === 'ssh-rsa') {
    return Buffer.concat([sshString('rsa-sha2-512'), sshString(sign('sha512', data, key))]);
  }
  const curve = curves.find(({ ssh }) => type === `ecdsa-sha2-${ssh}`);
  if (curve === undefined) return Buffer.concat([sshString(type), sshString(sign(null, data, key))]);
  const pair = sign(curve.hash, data, { key, dsaEncoding: 'ieee-p1363' });
  const numbers = [pair.subarray(0, curve.bytes), pair.subarray(curve.bytes)].map(sshNumber);
  return Buffer.concat([sshString(type), sshString(Buffer.concat(numbers))]);
}

function isGood(signer: SshPublicKey, signature: Buffer, data: Buffer): boolean {
  try {
    const reader = new SshReader(signature);
    const type = reader.text();
    const value = reader.string();
    const signed = signer.application === null ? data : tokenData(signer.application, reader, data);
    if (reader.rest.length > 0) return false;
    if (signer.type === 'ssh-rsa') {
      const hash = rsaHashes[type];
      return hash !== undefined && verify(hash, signed, signer.key, value);
    }
    if (type !== signer.type) return false;
    if (type.includes('ed25519')) return verify(null, signed, signer.key, value);
    const curve = curves.find(({ ssh }) => type.replace('@openssh.com', '').endsWith(ssh));
    if (curve === undefined) return false;
    const numbers = new SshReader(value);
    const pair = [numbers.mpint(), numbers.mpint()].map((number) =>
      Buffer.concat([Buffer.alloc(Math.max(0, curve.bytes - number.length)), number]),
    );
    const key = { key: signer.key, dsaEncoding: 'ieee-p1363' } as const;
    return numbers.rest.length === 0 && verify(curve.hash, signed, key, Buffer.concat(pair));
  } catch {
    return false;
  }
}

/** What a security token signs in the data's place (openssh: PROTOCOL.u2f): its user must have been there. */
function tokenData(application: Buffer, reader: SshReader, data: Buffer): Buffer {
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
  const flags = reader.byte();
  const counter = reader.bytes(4);
  if ((flags & 1) === 0) throw new RangeError('nobody was at the token');
  return Buffer.concat([digest(application), Buffer.from([flags]), counter, digest(data)]);
}
