import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { SshReader, sshNumber, sshString } from './ssh-wire.js';

export interface SshPublicKey {
  /** As the key names it: `ssh-ed25519`, `ssh-rsa`, `ecdsa-sha2-nistp256`, … */
  type: string;
  /** The key as SSH writes it: what two of them are compared by. */
  blob: Buffer;
  key: KeyObject;
  /** Of a key that a security token holds: what its signatures are made for (PROTOCOL.u2f). */
  application: Buffer | null;
}

/** Shorter ones can be factored. */
const minRsaBits = 2048;

/** Curve of each ECDSA type, as SSH and as JSON Web Keys call it, with the length of a coordinate. */
export const curves = [
  { ssh: 'nistp256', jwk: 'P-256', bytes: 32, hash: 'sha256' },
  { ssh: 'nistp384', jwk: 'P-384', bytes: 48, hash: 'sha384' },
  { ssh: 'nistp521', jwk: 'P-521', bytes: 66, hash: 'sha512' },
] as const;

/**
 * Reads a public key (RFC 4253, section 6.6; RFC 5656; RFC 8709; OpenSSH's PROTOCOL.u2f).
 * @throws Error that says what is wrong with it
 */
export function readSshPublicKey(blob: Uint8Array): SshPublicKey {
  const reader = new SshReader(blob);
  const type = reader.text();
  const found = readKey(type, reader);
  if (reader.rest.length > 0) throw new RangeError('an SSH key has more in it than it should');
  return { type, blob: Buffer.from(blob), ...found };
}

/** `SHA256:…`, as `ssh-keygen -l` shows it. */
export function fingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The public key in SSH's form that belongs to a key pair. */
export function sshBlobOf(key: KeyObject): Buffer {
  const jwk = key.export({ format: 'jwk' });
  const part = (text: string | undefined) => Buffer.from(text ?? '', 'base64url');
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') {
    return Buffer.concat([sshString('ssh-ed25519'), sshString(part(jwk.x))]);
  }
  if (jwk.kty === 'RSA') {
    return Buffer.concat([sshString('ssh-rsa'), sshNumber(part(jwk.e)), sshNumber(part(jwk.n))]);
  }
  const curve = curves.find((known) => known.jwk === jwk.crv);
  if (curve === undefined) throw new Error(`no key of the type ${jwk.crv ?? jwk.kty ?? ''} signs for SSH`);
  const point = Buffer.concat([Buffer.from([4]), part(jwk.x), part(jwk.y)]);
  return Buffer.concat([sshString(`ecdsa-sha2-${curve.ssh}`), sshString(curve.ssh), sshString(point)]);
}

function readKey(type: string, reader: SshReader): Pick<SshPublicKey, 'key' | 'application'> {
  switch (type) {
    case 'ssh-ed25519':
      return { key: ed25519Key(reader.string()), application: null };
    case 'sk-ssh-ed25519@openssh.com':
      return { key: ed25519Key(reader.string()), application: reader.string() };
    case 'ssh-rsa': {
      const [e, n] = [reader.mpint(), reader.mpint()];
      return { key: rsaKey(e, n), application: null };
    }
    case 'sk-ecdsa-sha2-nistp256@openssh.com':
      return { key: ecdsaKey('nistp256', reader), application: reader.string() };
    default: {
      const curve = curves.find(({ ssh }) => type === `ecdsa-sha2-${ssh}`);
      if (curve === undefined) throw new Error(`keys of the type "${printable(type)}" are not supported`);
      return { key: ecdsaKey(curve.ssh, reader), application: null };
    }
  }
}

function ed25519Key(x: Buffer): KeyObject {
  if (x.length !== 32) throw new RangeError('an ed25519 key has 32 bytes');
  return createPublicKey({
    format: 'jwk',
    key: { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') },
  });
}

function rsaKey(e: Buffer, n: Buffer): KeyObject {
  const key = createPublicKey({
    format: 'jwk',
    key: { kty: 'RSA', e: e.toString('base64url'), n: n.toString('base64url') },
  });
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < minRsaBits) {
    throw new RangeError(`an RSA key needs at least ${minRsaBits} bits`);
  }
  return key;
}

function ecdsaKey(name: string, reader: SshReader): KeyObject {
  const curve = curves.find(({ ssh }) => ssh === name);
  const point = reader.text() === name ? reader.string() : null;
  if (curve === undefined || point?.[0] !== 4 || point.length !== 1 + 2 * curve.bytes) {
    throw new RangeError('an ECDSA key is no point of its curve');
  }
  const x = point.subarray(1, 1 + curve.bytes).toString('base64url');
  const y = point.subarray(1 + curve.bytes).toString('base64url');
  return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: curve.jwk, x, y } });
}

/** What came from outside, short and without control characters. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
}
