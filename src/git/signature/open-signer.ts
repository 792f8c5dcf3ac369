import type { CommitRequest } from '../types.js';

/**
 * What signs commits with a private key: OpenPGP (armoured), or SSH (OpenSSH's form or PEM).
 * @throws InvalidPropertiesError when the key is damaged, or the passphrase does not open it
 */
export async function openSigner(
  key: string,
  passphrase?: string,
): Promise<NonNullable<CommitRequest['sign']>> {
  if (key.includes('-----BEGIN PGP PRIVATE KEY BLOCK-----')) {
    const { openPgpSigner } = await import('./pgp.js');
    return openPgpSigner(key, passphrase);
  }
  const { openSshPrivateKey } = await import('./ssh-private-key.js');
  const { signWithSsh } = await import('./ssh-signature.js');
  const opened = await openSshPrivateKey(key, passphrase);
  return async (payload) => signWithSsh(opened, payload);
}
