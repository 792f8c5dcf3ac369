import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { InvalidPropertiesError, SecretUnreadableError } from '../errors.js';

/** A secret as it is stored. */
export interface SealedSecret {
  keyId: string;
  /** Base64, each. */
  nonce: string;
  ciphertext: string;
  tag: string;
}

/** Encrypts under one key and decrypts under several, so that keys can be replaced one day and forgotten another. */
export interface Keyring {
  /** Of the key that encrypts. */
  readonly currentKeyId: string;
  seal(value: string, place: string): SealedSecret;
  /** @throws SecretUnreadableError without the key, or when anything of it was altered */
  open(sealed: SealedSecret, place: string): string;
}

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;

/**
 * Reads keys of 32 bytes in base64, one a line or separated by commas. The first encrypts; all decrypt. A key's id is
 * taken from its digest and tells nothing of it.
 * @throws InvalidPropertiesError that quotes nothing
 */
export function readKeyring(text: string): Keyring {
  const keys = new Map<string, Buffer>();
  for (const part of text.split(/[\s,]+/).filter((word) => word !== '')) {
    const key = /^[A-Za-z0-9+/_-]+={0,2}$/.test(part) ? Buffer.from(part, 'base64') : Buffer.alloc(0);
    if (key.length !== keyBytes) throw unfit(`Key ${keys.size + 1} is not 32 bytes in base64.`);
    keys.set(idOf(key), key);
  }
  const [current] = keys;
  if (current === undefined) throw unfit('There is no key for stored secrets.');
  const [currentKeyId, currentKey] = current;
  return {
    currentKeyId,
    seal(value, place) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, currentKey, nonce).setAAD(Buffer.from(place));
      const ciphertext = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
      return {
        keyId: currentKeyId,
        nonce: nonce.toString('base64'),
        ciphertext: ciphertext.toString('base64'),
        tag: cipher.getAuthTag().toString('base64'),
      };
    },
    open(sealed, place) {
      const key = keys.get(sealed.keyId);
      if (key === undefined) {
        throw new SecretUnreadableError(
          `${place} is encrypted with key ${sealed.keyId}, which is not given.`,
          {
            hint: 'Add that key behind the current one, or store the secret again.',
          },
        );
      }
      try {
        const decipher = createDecipheriv(algorithm, key, Buffer.from(sealed.nonce, 'base64'), {
          authTagLength: 16,
        });
        decipher.setAAD(Buffer.from(place)).setAuthTag(Buffer.from(sealed.tag, 'base64'));
        const parts = [decipher.update(Buffer.from(sealed.ciphertext, 'base64')), decipher.final()];
        return Buffer.concat(parts).toString('utf8');
      } catch (cause) {
        throw new SecretUnreadableError(`${place} was altered in storage and cannot be decrypted.`, {
          hint: 'Store the secret again.',
          cause,
        });
      }
    },
  };
}

function idOf(key: Buffer): string {
  return createHash('sha256').update('flowgit secret key\0').update(key).digest('hex').slice(0, 12);
}

function unfit(message: string): InvalidPropertiesError {
  return new InvalidPropertiesError(message, { hint: 'Make one with "openssl rand -base64 32".' });
}
