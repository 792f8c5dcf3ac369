import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import tls, { type SecureContext } from 'node:tls';
import { InvalidPropertiesError } from '../../../errors.js';

const pemCertificates =
  /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/g;

/** A TLS context that trusts the authorities in a PEM file beside those that Node trusts anyway. */
export async function readTrustedCa(path: string): Promise<SecureContext> {
  try {
    const authorities = (await readFile(path, 'utf8')).match(pemCertificates) ?? [];
    if (authorities.length === 0) throw new Error('no certificate in it');
    // OpenSSL passes over what it cannot read.
    for (const authority of authorities) new X509Certificate(authority);
    return tls.createSecureContext({ ca: [...defaultAuthorities(), ...authorities] });
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
