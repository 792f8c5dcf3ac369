import type * as z from 'zod';
import type { authorship } from '../../schemas/transfer.js';
import type { CommitRequest } from '../git/types.js';

type SigningProperties = Pick<
  z.output<z.ZodObject<typeof authorship>>,
  'signingKey' | 'signingKeyPassphrase'
>;

export type Sign = NonNullable<CommitRequest['sign']>;

/**
 * What signs the commits of a push; nothing without a key. The key is opened before anything is asked of the remote, so
 * that a dry run tells about a bad one as well.
 * @throws InvalidPropertiesError
 */
export async function signerOf(properties: SigningProperties): Promise<Sign | undefined> {
  const { signingKey, signingKeyPassphrase } = properties;
  if (signingKey === undefined) return undefined;
  const { openSigner } = await import('../git/signature/open-signer.js');
  return openSigner(signingKey, signingKeyPassphrase);
}
