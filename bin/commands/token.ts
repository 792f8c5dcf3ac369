import { type Arguments, type Command, lastValue } from '../command.js';
import { runOptions } from '../options.js';
import { UsageError } from '../usage-error.js';

/** `flowgit token ACTION [ID]` */
export const token: Command = {
  name: 'token',
  arguments: 'ACTION [ID]',
  arity: { min: 1, max: 2 },
  summary: 'Make, list and revoke tokens for the API of "flowgit serve"',
  description:
    'ACTION is create, list or revoke. "create" prints the token once; the storage has only a hash of it. Once there is a token, the API answers nobody without one.',
  options: [
    { name: 'name', value: 'TEXT', description: 'What the token is for' },
    {
      name: 'scope',
      value: 'SCOPE',
      multiple: true,
      description: 'read, run, write or admin, which has them all; run and write include read. Default: read',
    },
    {
      name: 'namespace',
      value: 'NAMESPACE',
      multiple: true,
      description: 'For this namespace and those below it only. Default: for all',
    },
    { name: 'expires', value: 'TIME', description: 'When it ends: 90d, 12h, or a date such as 2027-01-31' },
  ],
  refuses: runOptions,
  examples: [
    'flowgit token create --name ci --scope run --namespace company.team --expires 90d',
    'flowgit token list',
    'flowgit token revoke 0123456789abcdef',
  ],
  async run(session, args) {
    const { actOnTokens } = await import('../tokens.js');
    const [action = '', id] = args.positionals;
    const fits = action === 'revoke' ? id !== undefined : id === undefined;
    if (!['create', 'list', 'revoke'].includes(action) || !fits) {
      throw new UsageError('"flowgit token" takes create, list or revoke ID.');
    }
    return actOnTokens(session, { action, id: id ?? '', ...wanted(args) });
  },
};

function wanted(args: Arguments) {
  return {
    name: lastValue(args, 'name') ?? 'unnamed',
    scopes: args.values.get('scope') ?? ['read'],
    namespaces: args.values.get('namespace') ?? null,
    expires: lastValue(args, 'expires') ?? null,
  };
}
