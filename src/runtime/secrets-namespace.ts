import { NamespaceNotAllowedError } from '../errors.js';

/**
 * The namespace whose secrets an expression asks for: the flow's own, or the one it names, which has to be that or one
 * above. Whoever may write flows in one namespace must not get at what belongs to another.
 * @throws NamespaceNotAllowedError
 */
export function secretsNamespace(own: string, asked: string | undefined): string {
  if (asked === undefined || asked === own || own.startsWith(`${asked}.`)) return asked ?? own;
  throw new NamespaceNotAllowedError(`A flow of ${own} has no secrets of the namespace ${asked}.`, {
    hint: 'A flow has those of its own namespace and of the ones above. Store the secret there.',
    data: { namespace: asked },
  });
}
