import type { Command, Option } from './command.js';

/** Of the commands that write. */
export const confirmDeletes: Option = {
  name: 'confirm-deletes',
  description: 'Show what would be deleted and ask for it on the terminal before anything is written',
};

/** Of the commands that plan. */
export const saveOutput: Option = {
  name: 'output',
  short: 'o',
  value: 'FILE',
  description: 'Save the plan in a file that "flowgit apply" takes',
};

/** What says how one run goes. A command that runs nothing itself refuses it: "serve --dry-run" would write. */
export const runOptions: readonly string[] = ['input', 'dry-run', 'working-dir', 'diff'];

/** The common options that a command takes. */
export function commonOptionsOf({ refuses = [] }: Command): Option[] {
  return commonOptions.filter(({ name }) => !refuses.includes(name));
}

/** Options that every command takes unless it refuses them, in the order help lists them. */
export const commonOptions: readonly Option[] = [
  {
    name: 'storage',
    value: 'URL',
    description:
      'Where flows and files are kept (or FLOWGIT_STORAGE): file:DIR, pglite:DIR, postgres://…, memory:. Default: file:./flowgit-data',
  },
  {
    name: 'cache-dir',
    value: 'DIR',
    description:
      "Where mirrors of repositories are kept (or FLOWGIT_CACHE), at most FLOWGIT_CACHE_MAX_BYTES together. Default: the user's cache, 2 GiB",
  },
  {
    name: 'secret',
    value: 'NAME=VALUE',
    multiple: true,
    description:
      'A secret for {{ secret(…) }}. Other users can see it in the process list: prefer NAME=@FILE, NAME=@- (standard input), --env-file or SECRET_<NAME>',
  },
  {
    name: 'env-file',
    value: 'FILE',
    multiple: true,
    description: 'NAME=VALUE lines, each one a secret; SECRET_<NAME> holds base64, ENV_<NAME> is envs.<name>',
  },
  {
    name: 'secrets-file',
    value: 'FILE',
    description: 'Secrets as a YAML or JSON mapping of names to texts (or FLOWGIT_SECRETS_FILE)',
  },
  {
    name: 'secrets-dir',
    value: 'DIR',
    description: 'Secrets as one file each, as Kubernetes mounts them (or FLOWGIT_SECRETS_DIR)',
  },
  { name: 'input', value: 'NAME=VALUE', multiple: true, description: "A value for one of the flow's inputs" },
  { name: 'dry-run', description: 'Plan and report; write nothing' },
  {
    name: 'working-dir',
    value: 'DIR',
    description: 'Where tasks put files. Default: a temporary directory, removed afterwards',
  },
  { name: 'diff', description: 'Show the changed lines of every planned change' },
  { name: 'json', description: 'One JSON document on standard output, logs as JSON lines' },
  { name: 'quiet', short: 'q', description: 'Only the result and errors' },
  {
    name: 'log-level',
    value: 'LEVEL',
    description: 'trace, debug, info, warn, error or silent. Default: info',
  },
  { name: 'log-format', value: 'FORMAT', description: 'pretty or json. Default: pretty, with --json json' },
  { name: 'no-color', description: 'No colours (or NO_COLOR)' },
  { name: 'help', short: 'h', description: 'Show help' },
  { name: 'version', short: 'V', description: 'Show the version' },
];
