import { InvalidPropertiesError } from '../../errors.js';

/** A signing key that is encrypted. */
export function passphraseMissing(): InvalidPropertiesError {
  return new InvalidPropertiesError('"signingKey" is encrypted, and there is no passphrase for it.', {
    hint: 'Set "signingKeyPassphrase".',
  });
}

/** A signing key that stays closed. */
export function passphraseWrong(cause?: unknown): InvalidPropertiesError {
  return new InvalidPropertiesError('"signingKeyPassphrase" does not open "signingKey".', {
    hint: 'Check that both belong together.',
    cause,
  });
}
