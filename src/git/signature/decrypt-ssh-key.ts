import { createDecipheriv, type DecipherGCM } from 'node:crypto';
import { InvalidPropertiesError } from '../../errors.js';
import { passphraseWrong } from './passphrase-errors.js';
import { SshReader } from './ssh-wire.js';

export interface SealedSshKey {
  cipher: string;
  kdf: { name: string; options: Uint8Array };
  sealed: Uint8Array;
  /** What follows the sealed part: the tag, with a cipher that has one. */
  tag: Uint8Array;
}

const ivBytes = 16;
const gcmIvBytes = 12;
const gcmTagBytes = 16;
/** ssh-keygen makes 16 to 24; a hundred take seconds, and more is a mistake. */
const maxRounds = 1024;

/**
 * Opens the private part of an OpenSSH key. A wrong passphrase gives nonsense, except with a cipher that notices.
 * @throws InvalidPropertiesError for a cipher or a number of rounds that is not supported
 */
export async function decryptSshKey(
  { cipher, kdf, sealed, tag }: SealedSshKey,
  passphrase: string,
): Promise<Buffer> {
  const [, bits = '', mode = ''] = /^aes(128|192|256)-(ctr|cbc|gcm@openssh\.com)$/.exec(cipher) ?? [];
  if (mode === '' || kdf.name !== 'bcrypt') throw unsupported();
  const options = new SshReader(kdf.options);
  const salt = options.string();
  const rounds = options.uint32();
  if (rounds < 1 || rounds > maxRounds) throw unsupported();
  const keyBytes = Number(bits) / 8;
  const isGcm = mode.startsWith('gcm');
  const material = Buffer.alloc(keyBytes + (isGcm ? gcmIvBytes : ivBytes));
  const password = Buffer.from(passphrase);
  const { pbkdf } = await import('bcrypt-pbkdf');
  const failed = pbkdf(password, password.length, salt, salt.length, material, material.length, rounds);
  if (failed !== 0) throw unsupported();
  const name = `aes-${bits}-${isGcm ? 'gcm' : mode}`;
  const decipher = createDecipheriv(name, material.subarray(0, keyBytes), material.subarray(keyBytes));
  decipher.setAutoPadding(false);
  if (isGcm) (decipher as DecipherGCM).setAuthTag(tag.subarray(0, gcmTagBytes));
  try {
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch (error) {
    throw passphraseWrong(error);
  }
}

function unsupported(): InvalidPropertiesError {
  return new InvalidPropertiesError('"signingKey" is encrypted in a way that is not supported.', {
    hint: 'Encrypt it anew: "ssh-keygen -p -Z aes256-ctr -f KEY".',
  });
}
