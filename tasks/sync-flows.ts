import * as z from 'zod';
import { connection } from '../schemas/connection.js';
import { object, strictObject } from '../schemas/lazy-object.js';
import { bool } from '../schemas/property.js';
import { namespaceName, type ResourceKey } from '../schemas/resources.js';
import {
  gitDirectory,
  guards,
  ownership,
  revision,
  transferOutput,
  verification,
} from '../schemas/transfer.js';
import type { Remote } from '../src/git/types.js';
import { loadSyncState, openSyncState } from '../src/plan/read-sync-state.js';
import { formatRevision, type ReportedChange, remarks, syncRows } from '../src/plan/report.js';
import type { SyncIdentity } from '../src/plan/sync-state.js';
import { type FlowPlace, namespaceOfPath, pathOfFlow } from '../src/resources/flow-path.js';
import { withRemote } from '../src/runtime/connect.js';
import type { RunContext } from '../src/runtime/context.js';
import { listScope } from '../src/runtime/list-scope.js';
import { loadAhead } from '../src/runtime/load-ahead.js';
import { agreementOf, rememberAgreement } from '../src/runtime/no-change.js';
import { listSource, openRevision, revisionOf, signedTag, verifiedBy } from '../src/runtime/open-source.js';
import { recordFailure } from '../src/runtime/record-runs.js';
import { retryOnConflict } from '../src/runtime/retry-on-conflict.js';
import { storedFirst } from '../src/runtime/stored-first.js';
import { syncFromReceipt } from '../src/runtime/sync-from-receipt.js';
import { Task } from '../src/runtime/task.js';
import { warnOfInvalid } from '../src/runtime/warn-of-invalid.js';
import { writeRows } from '../src/runtime/write-rows.js';
import { formatKey } from '../src/storage/types.js';

const properties = strictObject(() => ({
  ...connection,
  ...revision,
  ...verification,
  ...guards,
  ...ownership,
  targetNamespace: namespaceName.describe('Namespace the flows go to.'),
  gitDirectory: gitDirectory('_flows'),
  includeChildNamespaces: bool()
    .default(false)
    .describe('Take subdirectories as child namespaces; otherwise they are not looked at.'),
  delete: bool().default(false).describe('Delete flows of the namespace that git does not have.'),
  ignoreInvalidFlows: bool()
    .default(false)
    .describe('Report invalid flows and go on, instead of failing before anything is written.'),
  failOnMissingDirectory: bool().default(true).describe('Fail when `gitDirectory` does not exist.'),
}));

const output = object(() => ({
  ...transferOutput,
  flows: z
    .string()
    .describe('URI of a JSON Lines file: `{gitPath, syncState, flowId, namespace, revision}`.'),
}));

/** `git.SyncFlows`: brings the flows of a git directory into a namespace. */
export class SyncFlows extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'git.SyncFlows';
  static readonly title = 'Sync flows from git into a namespace.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly examples = [
    {
      title: 'Every minute, make the namespace equal to a directory of the repository.',
      flow: `id: sync_from_git
namespace: system

tasks:
  - id: git
    type: git.SyncFlows
    url: https://github.com/company/flows
    branch: main
    username: git_username
    password: "{{ secret('GITHUB_ACCESS_TOKEN') }}"
    targetNamespace: company.team
    includeChildNamespaces: true
    gitDirectory: _flows
    delete: true

triggers:
  - id: every_minute
    type: io.kestra.plugin.core.trigger.Schedule
    cron: "*/1 * * * *"
`,
    },
  ];

  async run(context: RunContext): Promise<z.output<typeof output>> {
    const resolved = await this.resolve(context);
    return withRemote(context, resolved, (remote) => {
      const run = { identity: identityOf(remote, resolved), task: SyncFlows.type, dryRun: resolved.dryRun };
      return recordFailure(context, run, () => retryOnConflict(() => sync(context, remote, resolved)));
    });
  }
}

/** What reads flows, compares and writes: loaded while the server answers. */
const loadPlanner = () =>
  Promise.all([import('../src/plan/flows.js'), import('../src/runtime/sync-to-storage.js')]);

async function sync(context: RunContext, remote: Remote, properties: SyncProperties) {
  const {
    targetNamespace: namespace,
    includeChildNamespaces: children,
    gitDirectory: directory,
  } = properties;
  const place: FlowPlace = { directory, namespace, children };
  const scope = { kind: 'flow', namespace, children } as const;
  const identity = identityOf(remote, properties);
  const opened = await openSyncState(context.storage, identity);
  const before = opened.bytes === null ? await listScope(context, scope) : null;
  const snapshot = await openRevision(remote, properties, { isEmpty: before?.stored.length === 0 });
  loadAhead(() => snapshot.asked.then(loadPlanner));
  const choices = agreementOf(context, identity, snapshot.commit, scope, properties, {
    ignoreInvalid: properties.ignoreInvalidFlows,
    failOnMissing: properties.failOnMissingDirectory,
    ...(properties.verify && { verified: verifiedBy(properties.verify) }),
  });
  const agreement = { ...choices, signed: signedTag(properties.verify, snapshot) };
  const reported = {
    revision: formatRevision(snapshot.revision, snapshot.commit),
    dryRun: properties.dryRun,
  };
  const run = {
    task: SyncFlows.type,
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
    isRelevant: (path) => namespaceOfPath(place, path) !== null,
    // What the storage itself thinks of a flow is asked on the ordinary way.
    decode: async (entries) => {
      if (context.storage.validate !== undefined) return null;
      const { adoptChanged } = await import('../src/plan/flows.js');
      return adoptChanged(snapshot, entries, place);
    },
  });
  if (quick !== null) {
    return { flows: await writeRows(context, 'flows', quick.rows), summary: quick.summary, ...reported };
  }

  const source = await listSource(remote, snapshot, directory, properties.failOnMissingDirectory);
  const [flows, { syncToStorage }] = await loadPlanner();
  const { entries } = source;
  const state = await loadSyncState(context.storage, identity, opened);
  const listed = before ?? (await listScope(context, scope));
  const contents = storedFirst(context, snapshot, listed.stored);
  const found = await flows.readGitFlows({
    snapshot: contents,
    entries,
    place,
    memory: flows.memoryOf(state),
  });
  flows.refuseDuplicates(found.flows);
  // Reading the flows may have taken long.
  const { version, stored } = before === null ? listed : await listScope(context, scope);
  const { invalid, ...adopted } = await flows.adoptFlows({
    found,
    state,
    stored,
    snapshot: contents,
    storage: context.storage,
    ignoreInvalid: properties.ignoreInvalidFlows,
    deletes: properties.delete,
    running: context.identity,
  });
  warnOfInvalid(
    context,
    scope,
    invalid.map(({ message }) => ({ note: message })),
  );
  const spared = await flows.ignoredFlows({
    ...{ snapshot: contents, place, state, stored, source, deletes: properties.delete },
    found: [...adopted.desired, ...adopted.held],
  });
  const result = await syncToStorage(context, {
    ...run,
    state,
    connection: properties,
    version,
    stored: stored.filter(({ key }) => !spared.has(formatKey(key))),
    aside: stored.filter(({ key }) => spared.has(formatKey(key))),
    gitPathOf: ({ key }) => pathOfFlow(place, key.namespace, key.id),
    ...adopted,
  });
  const { plan } = result;
  const rows = syncRows(plan.outline.changes, rowWith(result.revisionOf));
  if (!properties.dryRun) {
    const ignoring = source.ignoredEntries.length > 0;
    await rememberAgreement(context, agreement, {
      ...{ plan, listed: stored, version: result.version, settledRows: rows.settled, ignoring },
    });
  }
  return {
    flows: await writeRows(context, 'flows', rows.reported),
    summary: plan.outline.summary,
    ...reported,
  };
}

function identityOf(remote: Remote, properties: SyncProperties): SyncIdentity {
  const {
    targetNamespace: namespace,
    includeChildNamespaces: children,
    gitDirectory: directory,
  } = properties;
  return {
    direction: 'SYNC',
    kind: 'flow',
    url: remote.url,
    revision: properties.branch,
    directory,
    namespace,
    gitNamespace: namespace,
    children,
    rewrite: '',
  };
}

/** Of its own, so that rows that are still to be read keep nothing else of a run. */
function rowWith(revisionOf: (key: ResourceKey) => number | null) {
  return (change: ReportedChange) => rowOf(change, revisionOf(change.key));
}

function rowOf(change: ReportedChange, revision: number | null) {
  return {
    gitPath: change.gitPath,
    syncState: change.state,
    flowId: change.key.id,
    namespace: change.key.namespace,
    revision,
    ...remarks(change),
  };
}

type SyncProperties = z.output<typeof properties>;
