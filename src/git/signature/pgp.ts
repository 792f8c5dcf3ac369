import type { Key, PrivateKey, Signature } from 'openpgp';
import { InvalidPropertiesError } from '../../errors.js';
import { passphraseMissing, passphraseWrong } from './passphrase-errors.js';
import { Refusal } from './refusal.js';

/** An armoured signature over the bytes and nothing but them. */
export type Sign = (payload: Uint8Array) => Promise<string>;

/**
 * Opens an armoured OpenPGP private key.
 * @throws InvalidPropertiesError when it is damaged, cannot sign now, or the passphrase does not open it
 */
export async function openPgpSigner(armoredKey: string, passphrase: string | undefined): Promise<Sign> {
  const openpgp = await import('openpgp');
  const key = await openPrivateKey(armoredKey, passphrase);
  return async (payload) =>
    openpgp.sign({
      message: await openpgp.createMessage({ binary: payload }),
      signingKeys: key,
      detached: true,
      format: 'armored',
    });
}

/**
 * Checks an armoured signature over `payload`. A key that has expired or was revoked since is worth nothing, as in gpg,
 * whatever time the signature says it was made at.
 * @throws Refusal; InvalidPropertiesError when a trusted key is damaged
 */
export async function verifyPgp(
  armoured: string,
  payload: Uint8Array,
  trusted: readonly string[],
): Promise<void> {
  const openpgp = await import('openpgp');
  const keys = await readPublicKeys(trusted);
  const signature = await readSignature(armoured);
  const [keyId] = signature.getSigningKeyIDs();
  const signer = keyId && keys.find((key) => key.getKeys(keyId).length > 0);
  if (signer === undefined) {
    throw new Refusal('UNKNOWN_KEY', `it is signed with a key that is not listed, ${keyId?.toHex() ?? ''}`);
  }
  const now = new Date();
  await signer.getSigningKey(keyId, now).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal('INVALID_KEY', `the key it is signed with may no longer sign (${why})`, { cause });
  });
  const message = await openpgp.createMessage({ binary: payload });
  const { signatures } = await openpgp.verify({ message, signature, verificationKeys: signer, date: now });
  await signatures[0]?.verified.catch((cause: unknown) => {
    throw new Refusal('BAD_SIGNATURE', 'its signature does not belong to its content', { cause });
  });
  if (signatures.length !== 1) throw new Refusal('BAD_SIGNATURE', 'its signature could not be checked');
}

async function readSignature(armoredSignature: string): Promise<Signature> {
  const openpgp = await import('openpgp');
  try {
    const signature = await openpgp.readSignature({ armoredSignature });
    const types = signature.packets.map(({ signatureType }) => signatureType);
    // A text signature would also hold for other line ends.
    if (types.length === 1 && types[0] === openpgp.enums.signature.binary) return signature;
  } catch (cause) {
    throw new Refusal('MALFORMED', 'its OpenPGP signature is cut off or damaged', { cause });
  }
  throw new Refusal('MALFORMED', 'it does not carry exactly one OpenPGP signature over its bytes');
}

async function readPublicKeys(trusted: readonly string[]): Promise<Key[]> {
  const openpgp = await import('openpgp');
  try {
    return (await Promise.all(trusted.map((armoredKeys) => openpgp.readKeys({ armoredKeys })))).flat();
  } catch (cause) {
    throw new InvalidPropertiesError('An OpenPGP key of "verify.keys" is damaged.', {
      hint: 'Export it anew: "gpg --armor --export KEY".',
      cause,
    });
  }
}

async function openPrivateKey(armoredKey: string, passphrase: string | undefined): Promise<PrivateKey> {
  const openpgp = await import('openpgp');
  const locked = await openpgp.readPrivateKey({ armoredKey }).catch((cause: unknown) => {
    throw new InvalidPropertiesError('"signingKey" is no OpenPGP private key, or a damaged one.', {
      hint: 'Export it anew: "gpg --armor --export-secret-keys KEY".',
      cause,
    });
  });
  const key = locked.isDecrypted() ? locked : await unlock(locked, passphrase);
  await key.getSigningKey().catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidPropertiesError(`"signingKey" cannot sign: ${why}.`, {
      hint: 'Give a key that may sign, has not expired and was not revoked.',
      cause,
    });
  });
  return key;
}

async function unlock(privateKey: PrivateKey, passphrase: string | undefined): Promise<PrivateKey> {
  if (passphrase === undefined) throw passphraseMissing();
  const openpgp = await import('openpgp');
  return openpgp.decryptKey({ privateKey, passphrase }).catch((cause: unknown) => {
    throw passphraseWrong(cause);
  });
}
