import { SignatureVerificationError } from '../../errors.js';
import { Refusal } from './refusal.js';
import { splitCommit, splitTag } from './signed-object.js';
import { verifySsh } from './ssh-signature.js';
import type { TrustedKeys } from './trusted-keys.js';

/** A commit or an annotated tag, and how messages name it. */
export interface Signed {
  type: 'commit' | 'tag';
  oid: string;
  data: Uint8Array;
  /** Such as `Commit 1234567890 of https://git.example/flows`. */
  title: string;
}

/**
 * Checks that an object is signed, over its exact bytes, with one of the keys.
 * @throws SignatureVerificationError
 */
export async function verifyObject({ type, oid, data, title }: Signed, keys: TrustedKeys): Promise<void> {
  try {
    const { payload, signature } = type === 'commit' ? splitCommit(data) : splitTag(data);
    await verifyArmoured(signature, payload, keys);
  } catch (error) {
    throw error instanceof Refusal ? refused(title, oid, error) : error;
  }
}

/** A refusal as the caller sees it. */
export function refused(title: string, oid: string, refusal: Refusal): SignatureVerificationError {
  const { reason, message, cause } = refusal;
  return new SignatureVerificationError(`${title} is refused: ${message}.`, {
    hint: hintFor(reason),
    data: { reason, oid },
    cause,
  });
}

async function verifyArmoured(armoured: string, payload: Uint8Array, keys: TrustedKeys): Promise<void> {
  const first = armoured.slice(0, Math.max(0, armoured.indexOf('\n')));
  if (first === '-----BEGIN SSH SIGNATURE-----') return verifySsh(armoured, payload, keys.ssh);
  if (first !== '-----BEGIN PGP SIGNATURE-----') {
    throw new Refusal('MALFORMED', 'its signature is neither an SSH nor an OpenPGP one');
  }
  if (!/\n-----END PGP SIGNATURE-----\n*$/.test(armoured)) {
    throw new Refusal('MALFORMED', 'its OpenPGP signature is cut off or damaged');
  }
  if (keys.pgp.length === 0) {
    throw new Refusal('UNKNOWN_KEY', 'it is signed with OpenPGP, and no OpenPGP key is listed');
  }
  const { verifyPgp } = await import('./pgp.js');
  await verifyPgp(armoured, payload, keys.pgp);
}

function hintFor(reason: Refusal['reason']): string {
  switch (reason) {
    case 'UNSIGNED':
      return 'Have it signed ("git commit -S", "git tag -s") by somebody whose key "verify.keys" lists.';
    case 'UNKNOWN_KEY':
      return 'When you trust that key, add it to "verify.keys"; otherwise find out who made this.';
    case 'INVALID_KEY':
      return 'Have it signed again with a key that is valid, and list that one in "verify.keys".';
    default:
      return 'Do not use it before you know who changed it. Nothing of it was read or written.';
  }
}
