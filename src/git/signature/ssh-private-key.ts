import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { InvalidPropertiesError } from '../../errors.js';
import { decryptSshKey } from './decrypt-ssh-key.js';
import { passphraseMissing, passphraseWrong } from './passphrase-errors.js';
import { curves, readSshPublicKey, sshBlobOf } from './ssh-public-key.js';
import { SshReader } from './ssh-wire.js';

export interface SshPrivateKey {
  key: KeyObject;
  /** Its public half in SSH's form. */
  blob: Buffer;
}

const openSshArmour =
  /-----BEGIN OPENSSH PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END OPENSSH PRIVATE KEY-----/;
const magic = 'openssh-key-v1\0';

/**
 * Opens a private key: OpenSSH's own form (openssh: PROTOCOL.key), or PEM as older tools write it.
 * @throws InvalidPropertiesError when it is damaged, of an unknown kind, or the passphrase does not open it
 */
export async function openSshPrivateKey(
  text: string,
  passphrase: string | undefined,
): Promise<SshPrivateKey> {
  const body = openSshArmour.exec(text)?.[1];
  try {
    if (body !== undefined) return await openOpenSsh(Buffer.from(body, 'base64'), passphrase);
    return openPem(text, passphrase);
  } catch (error) {
    if (error instanceof InvalidPropertiesError) throw error;
    throw new InvalidPropertiesError('"signingKey" is damaged or of an unknown kind.', {
      hint: 'Give an ed25519, ECDSA or RSA key as ssh-keygen writes it, or an OpenPGP private key, whole.',
      cause: error,
    });
  }
}

function openPem(text: string, passphrase: string | undefined): SshPrivateKey {
  const encrypted = /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(text);
  if (encrypted && passphrase === undefined) throw passphraseMissing();
  try {
    const key = createPrivateKey({ key: text, format: 'pem', passphrase });
    return { key, blob: checked(sshBlobOf(createPublicKey(key))) };
  } catch (error) {
    if (encrypted) throw passphraseWrong(error);
    throw error;
  }
}

async function openOpenSsh(bytes: Buffer, passphrase: string | undefined): Promise<SshPrivateKey> {
  const reader = new SshReader(bytes);
  if (reader.bytes(magic.length).toString('latin1') !== magic) throw new Error('no OpenSSH key');
  const cipher = reader.text();
  const kdf = { name: reader.text(), options: reader.string() };
  if (reader.uint32() !== 1) throw new Error('not exactly one key');
  const blob = reader.string();
  const sealed = reader.string();
  if (cipher === 'none') return readPair(new SshReader(sealed), blob);
  if (passphrase === undefined) throw passphraseMissing();
  const opened = await decryptSshKey({ cipher, kdf, sealed, tag: reader.rest }, passphrase);
  if (!hasCheckNumbers(new SshReader(opened))) throw passphraseWrong();
  return readPair(new SshReader(opened), blob);
}

function readPair(reader: SshReader, blob: Buffer): SshPrivateKey {
  if (!hasCheckNumbers(reader)) throw new Error('its check numbers differ');
  const key = createPrivateKey({ format: 'jwk', key: readSecret(reader) });
  if (!sshBlobOf(createPublicKey(key)).equals(blob)) throw new Error('its halves do not belong together');
  return { key, blob: checked(blob) };
}

/** Two equal numbers stand in front: a wrong passphrase makes two different ones of them. */
function hasCheckNumbers(reader: SshReader): boolean {
  const [first, second] = [reader.uint32(), reader.uint32()];
  return first === second;
}

/** The private part as a JSON Web Key (draft-miller-ssh-agent, section 4.2). */
function readSecret(reader: SshReader): JsonWebKey {
  const type = reader.text();
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
  if (type === 'ssh-ed25519') {
    const x = reader.string();
    return { kty: 'OKP', crv: 'Ed25519', x: text(x), d: text(reader.string().subarray(0, 32)) };
  }
  if (type === 'ssh-rsa') {
    const [n, e, d] = [reader.mpint(), reader.mpint(), reader.mpint()];
    const [qi, p, q] = [reader.mpint(), reader.mpint(), reader.mpint()];
    const numbers = { n, e, d, p, q, dp: remainder(d, p), dq: remainder(d, q), qi };
    return {
      kty: 'RSA',
      ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, text(value)])),
    };
  }
  const curve = curves.find(({ ssh }) => type === `ecdsa-sha2-${ssh}`);
  if (curve === undefined) throw unsupported(type);
  reader.string();
  const point = reader.string();
  const d = reader.mpint();
  return {
    kty: 'EC',
    crv: curve.jwk,
    x: text(point.subarray(1, 1 + curve.bytes)),
    y: text(point.subarray(1 + curve.bytes)),
    d: text(Buffer.concat([Buffer.alloc(curve.bytes - d.length), d])),
  };
}

/** d mod (prime − 1), which OpenSSH leaves out of its keys. */
function remainder(d: Buffer, prime: Buffer): Buffer {
  const number = (bytes: Buffer) => BigInt(`0x${bytes.toString('hex')}`);
  const hex = (number(d) % (number(prime) - 1n)).toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

/** Refuses a key whose signatures nobody here would trust. */
function checked(blob: Buffer): Buffer {
  try {
    readSshPublicKey(blob);
  } catch (error) {
    throw new InvalidPropertiesError(`"signingKey" cannot be used: ${(error as Error).message}.`, {
      hint: 'Make another one, with "ssh-keygen -t ed25519".',
      cause: error,
    });
  }
  return blob;
}

function unsupported(type: string): InvalidPropertiesError {
  const isToken = type.startsWith('sk-');
  return new InvalidPropertiesError(
    isToken
      ? '"signingKey" is kept by a security token.'
      : '"signingKey" is of a kind that is not supported.',
    { hint: 'Give an ed25519, ECDSA or RSA key whose private half is in the file.' },
  );
}
