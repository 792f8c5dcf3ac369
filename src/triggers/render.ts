import { randomUUID } from 'node:crypto';
import { SecretNotFoundError } from '../errors.js';
import type { SecretSource } from '../runtime/context.js';
import type { ExpressionScope } from '../runtime/expressions/index.js';
import { secretsNamespace } from '../runtime/secrets-namespace.js';
import type { StoredFlow } from './types.js';

/** What expressions in a trigger see. With `secrets`, `secret('KEY')` is among it: never where the result is recorded. */
export function triggerScope(
  { namespace, id, revision, definition }: StoredFlow,
  trigger: Readonly<Record<string, unknown>> | null,
  options: { secrets?: SecretSource; now?: () => Date } = {},
): ExpressionScope {
  const { secrets, now } = options;
  return {
    variables: {
      flow: { id, namespace, revision, tenantId: 'main' },
      vars: definition.variables ?? {},
      ...(trigger !== null && { trigger }),
    },
    ...(secrets !== undefined && {
      functions: {
        secret: (key, asked) => secretOf(secrets, key, secretsNamespace(namespace, asked.namespace)),
      },
    }),
    ...(now !== undefined && { now }),
    uuid: randomUUID,
  };
}

async function secretOf(secrets: SecretSource, key: string, namespace: string): Promise<string> {
  const value = await secrets.get(key, namespace);
  if (value !== null) return value;
  throw new SecretNotFoundError(`There is no secret "${key}" for ${namespace}.`, {
    hint: 'Set it with "flowgit secrets set", or where the server looks for secrets.',
    data: { key },
  });
}
