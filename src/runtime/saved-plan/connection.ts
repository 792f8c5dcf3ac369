import * as z from 'zod';
import { type ConnectionProperties, connectionProperties } from '../../../schemas/connection.js';
import { type SavedConnection, savedConnectionValues } from '../../../schemas/saved-plan.js';
import { InvalidPlanError, SecretInPlanError } from '../../errors.js';
import type { PreparedConnection, SigningProperties } from '../../plan/prepared-plan.js';
import type { RunContext } from '../context.js';
import { expressionScope } from '../expression-scope.js';
import { hasExpression, renderString } from '../expressions/index.js';

type Name = keyof typeof savedConnectionValues;
const names = Object.keys(savedConnectionValues) as Name[];
const alwaysSecret: ReadonlySet<Name> = new Set([
  'password',
  'privateKey',
  'passphrase',
  'signingKey',
  'signingKeyPassphrase',
]);

/**
 * How to reach a repository again, without a secret: what holds one is kept as the expression it was written as.
 * @param context from `reconnectContext`, because that is what applying will have
 * @throws SecretInPlanError for a secret that applying could not get by itself
 */
export async function saveConnection(
  context: RunContext,
  { rendered, written }: PreparedConnection,
): Promise<SavedConnection> {
  const plain: Record<string, unknown> = {};
  const expressions: SavedConnection['expressions'] = {};
  for (const name of names) {
    const value = rendered[name];
    if (value === undefined) continue;
    if (alwaysSecret.has(name) || context.redactor.redact(String(value)) !== String(value)) {
      expressions[name] = await reusable(context, name, { value: String(value), source: written[name] });
    } else plain[name] = value;
  }
  return { ...plain, expressions };
}

/** The connection properties of a saved plan, with the secrets that the context has. */
export async function restoreConnection(
  context: RunContext,
  { expressions, ...plain }: SavedConnection,
): Promise<ConnectionProperties & SigningProperties> {
  const values: Record<string, unknown> = { ...plain };
  for (const [name, source] of Object.entries(expressions) as [Name, string][]) {
    const text = await renderString(source, expressionScope(context), { property: name });
    if (alwaysSecret.has(name)) context.redactor.register(text);
    context.redactor.registerUrl(text);
    values[name] = text;
  }
  const result = connectionProperties.safeParse(values);
  const { signingKey, signingKeyPassphrase } = values as SigningProperties;
  if (result.success) return { ...result.data, signingKey, signingKeyPassphrase };
  throw new InvalidPlanError(`The connection in the plan cannot be used: ${z.prettifyError(result.error)}`);
}

/** What expressions see when a plan is applied: secrets, key-value pairs, `envs` and `flow`, and no run around them. */
export function reconnectContext(context: RunContext, flow: { namespace: string; id: string }): RunContext {
  const { envs } = context.variables;
  return {
    ...context,
    identity: { ...context.identity, namespace: flow.namespace, flowId: flow.id },
    variables: { flow: { id: flow.id, namespace: flow.namespace }, ...(envs !== undefined && { envs }) },
  };
}

async function reusable(
  context: RunContext,
  name: Name,
  { value, source }: { value: string; source: unknown },
): Promise<string> {
  const literal = typeof source !== 'string' || !hasExpression(source);
  if (literal || context.redactor.redact(source) !== source) {
    throw new SecretInPlanError(`The plan cannot be saved: "${name}" holds a secret as plain text.`, {
      hint: `Write "${name}: \\"{{ secret('NAME') }}\\"" and give the value with --secret NAME=@FILE or in an --env-file.`,
      data: { property: name },
    });
  }
  const again = await renderString(source, expressionScope(context), { property: name }).catch(() => null);
  if (again === value) return source;
  throw new SecretInPlanError(
    `The plan cannot be saved: "${name}" is ${source}, which cannot be known when the plan is applied.`,
    {
      hint: `Take it from secret('NAME'): that is asked again when the plan is applied. Inputs and outputs are gone by then.`,
      data: { property: name },
    },
  );
}
