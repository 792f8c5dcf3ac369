import { InvalidPropertiesError } from '../../errors.js';
import { readSshPublicKey, type SshPublicKey } from './ssh-public-key.js';

export interface TrustedKeys {
  ssh: SshPublicKey[];
  /** Armoured blocks. They are read when a signature of their kind is met, because that takes a while. */
  pgp: string[];
}

const pgpBlock = /-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]*?-----END PGP PUBLIC KEY BLOCK-----/g;

/**
 * Reads the keys that signatures may be made with. Each text holds SSH public keys, one a line, or armoured OpenPGP
 * public keys, or both.
 * @throws InvalidPropertiesError for a text that is none, and when there is no key at all
 */
export function readTrustedKeys(texts: readonly string[]): TrustedKeys {
  const keys: TrustedKeys = { ssh: [], pgp: [] };
  for (const [index, text] of texts.entries()) {
    const where = `"verify.keys[${index}]"`;
    if (/BEGIN [A-Z ]*PRIVATE KEY/.test(text)) throw privateKey(where);
    keys.pgp.push(...(text.match(pgpBlock) ?? []));
    for (const line of text.replace(pgpBlock, '').split('\n')) {
      const trimmed = line.trim();
      if (trimmed !== '' && !trimmed.startsWith('#')) keys.ssh.push(readLine(trimmed, where));
    }
  }
  if (keys.ssh.length + keys.pgp.length > 0) return keys;
  throw new InvalidPropertiesError('"verify.keys" has no key in it, so that no signature could be good.', {
    hint: 'List the public keys of those who may sign. To take unsigned commits, leave "verify" out.',
  });
}

/** `type base64 comment`, as ssh-keygen writes it. */
function readLine(line: string, where: string): SshPublicKey {
  const [type = '', body = ''] = line.split(/\s+/);
  try {
    const key = readSshPublicKey(Buffer.from(body, 'base64'));
    if (key.type !== type) throw new Error('its type is not the one in front of it');
    return key;
  } catch (cause) {
    // What ran out of the text is said in its terms: there is nothing of the key in it.
    throw new InvalidPropertiesError(`${where} is no public key: ${(cause as Error).message}.`, {
      hint: 'Give an SSH public key in one line ("ssh-ed25519 AAAA…"), without options, or an armoured OpenPGP public key, whole.',
      cause,
    });
  }
}

function privateKey(where: string): InvalidPropertiesError {
  return new InvalidPropertiesError(`${where} is a private key.`, {
    hint: 'Checking takes the public key only; do not hand the other out.',
  });
}
