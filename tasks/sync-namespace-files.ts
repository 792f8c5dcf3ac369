import * as z from 'zod';
import { connection } from '../schemas/connection.js';
import { object, strictObject } from '../schemas/lazy-object.js';
import { bool } from '../schemas/property.js';
import { namespaceName } from '../schemas/resources.js';
import {
  gitDirectory,
  guards,
  ownership,
  revision,
  transferOutput,
  verification,
} from '../schemas/transfer.js';
import type { Remote, Snapshot } from '../src/git/types.js';
import { gitNamespaceFiles, readChangedFiles } from '../src/plan/git-namespace-files.js';
import { loadSyncState, openSyncState } from '../src/plan/read-sync-state.js';
import { formatRevision, type ReportedChange, remarks, syncRows } from '../src/plan/report.js';
import type { OpenState } from '../src/plan/sync-state.js';
import { isInGit, keepFileName, pathOfFile } from '../src/resources/namespace-file.js';
import { withRemote } from '../src/runtime/connect.js';
import type { RunContext } from '../src/runtime/context.js';
import { fileSyncIdentity } from '../src/runtime/file-sync-identity.js';
import { listScope } from '../src/runtime/list-scope.js';
import { loadAhead } from '../src/runtime/load-ahead.js';
import { agreementOf, rememberAgreement } from '../src/runtime/no-change.js';
import { listSource, openRevision, revisionOf, signedTag, verifiedBy } from '../src/runtime/open-source.js';
import { recordFailure } from '../src/runtime/record-runs.js';
import { retryOnConflict } from '../src/runtime/retry-on-conflict.js';
import { fetchMissing, storedFirst } from '../src/runtime/stored-first.js';
import { syncFromReceipt } from '../src/runtime/sync-from-receipt.js';
import { Task } from '../src/runtime/task.js';
import { warnOfInvalid } from '../src/runtime/warn-of-invalid.js';
import { writeRows } from '../src/runtime/write-rows.js';
import type { StoredEntry } from '../src/storage/types.js';

const properties = strictObject(() => ({
  ...connection,
  ...revision,
  ...verification,
  ...guards,
  ...ownership,
  namespace: namespaceName.default('{{ flow.namespace }}').describe('Namespace the files go to.'),
  gitDirectory: gitDirectory('_files'),
  delete: bool().default(false).describe('Delete files of the namespace that git does not have.'),
  failOnMissingDirectory: bool().default(true).describe('Fail when `gitDirectory` does not exist.'),
}));
type Properties = z.output<typeof properties>;

const output = object(() => ({
  ...transferOutput,
  files: z.string().describe('URI of a JSON Lines file: `{gitPath, kestraPath, syncState}`.'),
}));

/** `git.SyncNamespaceFiles`: brings the files of a git directory into a namespace, byte for byte. */
export class SyncNamespaceFiles extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'git.SyncNamespaceFiles';
  static readonly title = 'Sync namespace files from git.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly examples = [
    {
      title: 'Keep the scripts of a namespace equal to a directory of the repository.',
      flow: `id: sync_files_from_git
namespace: system

tasks:
  - id: git
    type: git.SyncNamespaceFiles
    url: https://github.com/company/scripts
    branch: main
    namespace: prod
    gitDirectory: _files
    delete: true
    username: git_username
    password: "{{ secret('GITHUB_ACCESS_TOKEN') }}"
`,
    },
  ];

  async run(context: RunContext): Promise<z.output<typeof output>> {
    const resolved = await this.resolve(context);
    return withRemote(context, resolved, (remote) => {
      const run = {
        identity: fileSyncIdentity('SYNC', remote, resolved),
        task: SyncNamespaceFiles.type,
        dryRun: resolved.dryRun,
      };
      return recordFailure(context, run, () => retryOnConflict(() => sync(context, remote, resolved)));
    });
  }
}

/** What compares and writes: loaded while the server answers. */
const loadPlanner = () => import('../src/runtime/sync-to-storage.js');

async function sync(context: RunContext, remote: Remote, properties: Properties) {
  const { namespace, gitDirectory: directory } = properties;
  const scope = { kind: 'file', namespace, children: false } as const;
  const identity = fileSyncIdentity('SYNC', remote, properties);
  const opened = await openSyncState(context.storage, identity);
  const before = opened.bytes === null ? await listScope(context, scope) : null;
  const snapshot = await openRevision(remote, properties, { isEmpty: before?.stored.length === 0 });
  loadAhead(() => snapshot.asked.then(loadPlanner));
  const choices = agreementOf(context, identity, snapshot.commit, scope, properties, {
    failOnMissing: properties.failOnMissingDirectory,
    ...(properties.verify && { verified: verifiedBy(properties.verify) }),
  });
  const agreement = { ...choices, signed: signedTag(properties.verify, snapshot) };
  const reported = {
    revision: formatRevision(snapshot.revision, snapshot.commit),
    dryRun: properties.dryRun,
  };
  const run = {
    task: SyncNamespaceFiles.type,
    policy: properties,
    identity,
    scope,
    revision: revisionOf(properties),
    snapshot,
  };
  const quick = await syncFromReceipt(context, {
    ...run,
    state: opened,
    agreement,
    rowOf,
    settledRow: ({ key, gitPath }) => rowOf({ state: 'UNCHANGED', key, gitPath, note: null }),
    isRelevant: () => true,
    // Whether a directory counts as empty is seen by looking at all of it.
    decode: async (changed, removed) =>
      removed.length > 0 ||
      (await areInKept(
        opened,
        changed.map(({ path }) => path),
      ))
        ? null
        : readChangedFiles(snapshot, changed, { namespace, directory }),
  });
  if (quick !== null) {
    return { files: await writeRows(context, 'files', quick.rows), summary: quick.summary, ...reported };
  }

  const { files, ignored, ignoring } = await listFiles(remote, snapshot, properties);
  const { syncToStorage } = await loadPlanner();
  const state = await loadSyncState(context.storage, identity, opened);
  if (before !== null) await fetchMissing(snapshot, files.resources, before);
  const { version, stored } = await listScope(context, scope);
  const contents = storedFirst(context, snapshot, stored);
  warnOfInvalid(context, scope, files.held);
  const prefix = directory === '' ? '' : `${directory}/`;
  const takesPart = ({ key: { id } }: StoredEntry) => isInGit(id) && !ignored(id) && !ignored(pathOfFile(id));
  const result = await syncToStorage(context, {
    ...run,
    state,
    connection: properties,
    version,
    stored: stored.filter(takesPart),
    aside: stored.filter((entry) => !takesPart(entry)),
    gitPathOf: ({ key }) => prefix + pathOfFile(key.id),
    desired: files.resources,
    held: files.held,
    read: (changes) => files.read(contents, changes),
  });
  const { plan } = result;
  const rows = syncRows(plan.outline.changes, rowOf);
  if (!properties.dryRun) {
    await rememberAgreement(context, agreement, {
      ...{ plan, listed: stored, version: result.version, ignoring },
      ...{ settledRows: rows.settled, recorded: result.recorded },
    });
  }
  return {
    files: await writeRows(context, 'files', rows.reported),
    summary: plan.outline.summary,
    ...reported,
  };
}

/** The files of the directory that a sync reads. What git lists, which is as much again, is not kept beside them. */
async function listFiles(remote: Remote, snapshot: Snapshot, properties: Properties) {
  const { namespace, gitDirectory: directory, failOnMissingDirectory } = properties;
  const source = await listSource(remote, snapshot, directory, failOnMissingDirectory);
  const { entries, ignored, ignoredEntries } = source;
  return {
    files: gitNamespaceFiles(entries, { namespace, directory }),
    ignored,
    ignoring: ignoredEntries.length > 0,
  };
}

/** Whether a directory around a path has counted as empty: that ends when something comes to lie in it. */
async function areInKept({ lines }: OpenState, paths: readonly string[]): Promise<boolean> {
  const kept = new Set(paths.flatMap(directoriesOf).map((directory) => `${directory}/${keepFileName}`));
  const found = await lines.find([...kept]);
  return found === null || [...found.values()].some((line) => line !== null);
}

function directoriesOf(path: string): string[] {
  const directories: string[] = [];
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
    directories.push(path.slice(0, slash));
  return directories;
}

function rowOf(change: ReportedChange) {
  return {
    gitPath: change.gitPath,
    kestraPath: `/${change.key.id}`,
    syncState: change.state,
    ...remarks(change),
  };
}
