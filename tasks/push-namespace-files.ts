import * as z from 'zod';
import { connection } from '../schemas/connection.js';
import { object, strictObject } from '../schemas/lazy-object.js';
import { bool } from '../schemas/property.js';
import { namespaceName, type ResourceKey } from '../schemas/resources.js';
import { authorship, gitDirectory, globs, guards, pushOutput } from '../schemas/transfer.js';
import { NoFilesMatchedError } from '../src/errors.js';
import type { Remote } from '../src/git/types.js';
import { gitNamespaceFiles } from '../src/plan/git-namespace-files.js';
import { ignoreFilesIn, loadIgnoreRules, relativePath } from '../src/plan/load-ignore-rules.js';
import { readSyncState } from '../src/plan/read-sync-state.js';
import { formatRevision } from '../src/plan/report.js';
import { matchGlobs } from '../src/resources/globs.js';
import { isInGit, onlyEmptyDirectories, pathOfFile } from '../src/resources/namespace-file.js';
import { withRemote } from '../src/runtime/connect.js';
import type { RunContext } from '../src/runtime/context.js';
import { fileSyncIdentity } from '../src/runtime/file-sync-identity.js';
import { listBothSides } from '../src/runtime/list-both-sides.js';
import { agreementOf, rememberAgreement, stillAt, unchangedSince } from '../src/runtime/no-change.js';
import { pushEndpoints } from '../src/runtime/push-sides.js';
import { readStored } from '../src/runtime/read-stored.js';
import { recordFailure } from '../src/runtime/record-runs.js';
import { retryOnRace } from '../src/runtime/retry-on-race.js';
import { type Sign, signerOf } from '../src/runtime/signer.js';
import { Task } from '../src/runtime/task.js';
import { writeRows } from '../src/runtime/write-rows.js';

const properties = strictObject(() => ({
  ...connection,
  ...guards,
  ...authorship,
  branch: z
    .string()
    .min(1)
    .default('main')
    .describe('Branch to push to; created from the default branch when missing.'),
  namespace: namespaceName.default('{{ flow.namespace }}').describe('Namespace whose files are pushed.'),
  files: globs().describe('Glob, or list of globs, relative to the root of the namespace. `**` means all.'),
  gitDirectory: gitDirectory('_files'),
  delete: bool().default(true).describe('Delete files in scope that the namespace does not have.'),
  errorOnMissing: bool().default(false).describe('Fail when no file matches.'),
}));
type Properties = z.output<typeof properties>;

const output = object(() => ({
  ...pushOutput,
  files: z.string().describe('URI of a JSON Lines file: `{file, action, additions, deletions, changes}`.'),
}));

/** `git.PushNamespaceFiles`: commits the files of a namespace to a git directory. */
export class PushNamespaceFiles extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'git.PushNamespaceFiles';
  static readonly title = 'Push the files of a namespace to git.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly examples = [
    {
      title: 'Show what a push of the Python files of a namespace would change.',
      flow: `id: push_files_to_git
namespace: system

tasks:
  - id: commit_and_push
    type: git.PushNamespaceFiles
    url: https://github.com/company/scripts
    branch: dev
    username: git_username
    password: "{{ secret('GITHUB_ACCESS_TOKEN') }}"
    namespace: company.team
    files:
      - "**/*.py"
    gitDirectory: _files
    commitMessage: add namespace files
    dryRun: true
`,
    },
  ];

  async run(context: RunContext): Promise<z.output<typeof output>> {
    const resolved = await this.resolve(context);
    const sign = await signerOf(resolved);
    return withRemote(context, resolved, (remote) => {
      const run = {
        identity: fileSyncIdentity('PUSH', remote, resolved),
        task: PushNamespaceFiles.type,
        dryRun: resolved.dryRun,
      };
      return recordFailure(context, run, () =>
        retryOnRace(context, resolved.pushRetries, () => push(context, remote, resolved, sign)),
      );
    });
  }
}

/** What compares and commits: loaded while the server answers. */
const loadPlanner = () => import('../src/runtime/push-to-git.js');

async function push(context: RunContext, remote: Remote, properties: Properties, sign: Sign | undefined) {
  const { namespace, gitDirectory: directory } = properties;
  const scope = { kind: 'file', namespace, children: false } as const;
  const identity = fileSyncIdentity('PUSH', remote, properties);
  const state = await readSyncState(context.storage, identity);
  const base = await remote.openForPush(properties.branch, { path: directory, contents: 'none' });
  const endpoints = pushEndpoints(context, { identity, scope, base });
  const agreement = (commit: string) =>
    agreementOf(context, identity, commit, scope, properties, {
      files: properties.files ?? null,
      errorOnMissing: properties.errorOnMissing,
    });
  const { dryRun } = properties;
  if (base.tip !== null) {
    const run = { task: PushNamespaceFiles.type, direction: 'PUSH', ...endpoints, dryRun } as const;
    const unchanged = await unchangedSince(context, agreement(base.tip), run);
    if (unchanged !== null) {
      const revision = formatRevision(base.branch, base.tip);
      const files = await writeRows(context, 'files', unchanged.rows);
      return { files, commitId: null, commitURL: null, summary: unchanged.summary, revision, dryRun };
    }
  }

  const selected = await matchGlobs(properties.files);
  const prefix = directory === '' ? '' : `${directory}/`;
  const { entries, listed, version, arranged } = await listBothSides(context, base, {
    directory,
    scope,
    load: loadPlanner,
    arrange: (stored) =>
      stored
        .filter(({ key: { id } }) => selected(id) && isInGit(id))
        .map(({ key, oid }) => ({ key, gitPath: prefix + pathOfFile(key.id), gitOid: oid, storedOid: oid })),
  });
  const { pushRows, pushToGit, settledPushRows } = await loadPlanner();
  const ignoreFiles = ignoreFilesIn(entries, directory);
  const ignored =
    base.snapshot === null ? () => false : await loadIgnoreRules(base.snapshot, ignoreFiles, directory);
  const inScope = ({ id }: ResourceKey) => selected(id) && !ignored(pathOfFile(id));

  const desired = arranged.filter(({ key }) => !ignored(pathOfFile(key.id)));
  if (desired.length === 0 && properties.errorOnMissing) throw noneMatched(properties);
  const files = gitNamespaceFiles(
    ignoreFiles.length === 0
      ? entries
      : entries.filter((entry) => !ignored(relativePath(directory, entry.path))),
    { namespace, directory },
  );
  // A directory that gets its first file keeps its `.gitkeep`: it went nowhere.
  const standing = onlyEmptyDirectories([...files.resources, ...desired].map(({ key }) => key.id));
  const empty = new Set(standing.filter(isDirectory));
  const result = await pushToGit(context, {
    task: PushNamespaceFiles.type,
    properties,
    defaultMessage: `Add files from ${namespace} namespace`,
    identity,
    state,
    scope,
    remote,
    base,
    listed,
    sign,
    entries,
    desired,
    current: files.resources
      .filter(({ key }) => inScope(key) && (!isDirectory(key.id) || empty.has(key.id)))
      .map(({ key, gitPath, storedOid: oid }) => ({ key, gitPath, oid })),
    held: files.held.filter(({ key }) => inScope(key)),
    read: (changes) => readStored(context, changes, 'after'),
  });
  const commit = result.commitId ?? base.tip;
  if (!dryRun && commit !== null) {
    await rememberAgreement(context, agreement(commit), {
      plan: result.plan,
      listed,
      version: await stillAt(context.storage, scope, version),
      settledRows: () => settledPushRows(result.plan),
      ignoring: false,
    });
  }
  return {
    files: await writeRows(context, 'files', pushRows(result.plan)),
    commitId: result.commitId,
    commitURL: result.commitURL,
    summary: result.plan.outline.summary,
    revision: result.revision,
    dryRun,
  };
}

function isDirectory(id: string): boolean {
  return id.endsWith('/');
}

function noneMatched({ files, namespace }: Properties): NoFilesMatchedError {
  const globs = files === undefined ? 'any file' : files.map((glob) => `"${glob}"`).join(', ');
  return new NoFilesMatchedError(`No file of namespace ${namespace} matches ${globs}.`, {
    hint: 'Globs are relative to the root of the namespace; `**` means all. Set "errorOnMissing: false" to accept none.',
  });
}
