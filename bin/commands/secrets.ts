import type { SecretStore } from '../../src/secrets/stored.js';
import { type Arguments, type Command, lastValue } from '../command.js';
import { runOptions } from '../options.js';
import type { Session } from '../session.js';
import { UsageError } from '../usage-error.js';

const actions = ['list', 'set', 'delete', 'rotate'];

/** `flowgit secrets ACTION [NAME]` */
export const secrets: Command = {
  name: 'secrets',
  arguments: 'ACTION [NAME]',
  arity: { min: 1, max: 2 },
  summary: 'Keep secrets in the storage, encrypted',
  description:
    'ACTION is list, set, delete or rotate. "set" reads the value from standard input. Values are encrypted with the first key of FLOWGIT_SECRET_KEY (or of the file FLOWGIT_SECRET_KEY_FILE), 32 bytes in base64; further keys, behind it, only decrypt. "rotate" encrypts everything with the first. Nothing but a run can read a value back.',
  options: [
    {
      name: 'namespace',
      value: 'NAMESPACE',
      description: 'Whose secret it is; namespaces below have it too. Default: every namespace',
    },
  ],
  refuses: runOptions,
  examples: [
    'flowgit secrets set GITHUB_TOKEN --namespace company.team',
    'flowgit secrets list',
    'flowgit secrets rotate --storage postgres://db.example/flows',
  ],
  async run(session, args) {
    const [action = '', name] = args.positionals;
    const wantsName = action === 'set' || action === 'delete';
    if (!actions.includes(action) || wantsName !== (name !== undefined)) {
      throw new UsageError('"flowgit secrets" takes list, set NAME, delete NAME or rotate.');
    }
    const [{ withStorage }, { readKeys }, { openSecretStore }] = await Promise.all([
      import('../storage.js'),
      import('../stored-secrets.js'),
      import('../../src/secrets/stored.js'),
    ]);
    const keyring = await readKeys(session);
    if (keyring === null) {
      throw new UsageError(
        'There is no key for stored secrets: set FLOWGIT_SECRET_KEY.',
        'Make one with "openssl rand -base64 32" and keep it outside the storage.',
      );
    }
    await withStorage(session, (storage) =>
      act(session, args, openSecretStore(storage, keyring), { action, name: name ?? '' }),
    );
    return 0;
  },
};

async function act(
  session: Session,
  args: Arguments,
  store: SecretStore,
  { action, name }: { action: string; name: string },
): Promise<void> {
  const { settings } = session;
  const namespace = lastValue(args, 'namespace') ?? '';
  if (action === 'list') {
    const all = await store.list();
    if (settings.json) session.printJson(all);
    for (const secret of settings.json ? [] : all) {
      session.print(`${secret.namespace || '(all)'}  ${secret.name}  ${secret.keyId}  ${secret.updatedAt}\n`);
    }
    return;
  }
  if (action === 'rotate') {
    const rotated = await store.rotate();
    if (settings.json) session.printJson({ rotated });
    else session.print(`${rotated} encrypted with the current key\n`);
    return;
  }
  if (action === 'delete') await store.remove(namespace, name);
  else await store.put(namespace, name, await readValue(session));
  const done = action === 'delete' ? 'deleted' : 'stored';
  if (settings.json) session.printJson({ [done]: { namespace, name: name.toUpperCase() } });
  else session.print(`${done} ${name.toUpperCase()}\n`);
}

async function readValue({ io, redactor }: Session): Promise<string> {
  const { textOfFile } = await import('../../src/secrets/types.js');
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  const value = textOfFile(Buffer.concat(chunks).toString('utf8'));
  if (value === '')
    throw new UsageError('The value of the secret is read from standard input, which is empty.');
  redactor.register(value);
  return value;
}
