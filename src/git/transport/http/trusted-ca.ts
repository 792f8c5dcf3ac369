import { readFile } from 'node:fs/promises';
import tls, { type SecureContext } from 'node:tls';
import { InvalidPropertiesError } from '../../../errors.js';

/** A TLS context that trusts the authorities in a PEM file beside those that Node trusts anyway. */
export async function readTrustedCa(path: string): Promise<SecureContext> {
  try {
    const pem = await readFile(path, 'utf8');
    return tls.createSecureContext({ ca: [...defaultAuthorities(), pem] });
  } catch (error) {
    throw new InvalidPropertiesError(`The certificates in ${JSON.stringify(path)} cannot be read.`, {
      hint: 'Set "trustedCaPemPath" to a readable file of PEM certificates.',
      cause: error,
    });
  }
}

/** Newer Nodes tell about the authorities of NODE_EXTRA_CA_CERTS and of the system as well. */
function defaultAuthorities(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] };
  return getCACertificates?.('default') ?? tls.rootCertificates;
}
