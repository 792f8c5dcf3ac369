import * as z from 'zod';
import { connection } from '../schemas/connection.js';
import { object, strictObject } from '../schemas/lazy-object.js';
import { bool } from '../schemas/property.js';
import { namespaceName, type ResourceKey } from '../schemas/resources.js';
import { authorship, gitDirectory, globs, guards, pushOutput } from '../schemas/transfer.js';
import type { Remote } from '../src/git/types.js';
import { loadIgnoreRules, relativePath } from '../src/plan/load-ignore-rules.js';
import { readSyncState } from '../src/plan/read-sync-state.js';
import { formatRevision } from '../src/plan/report.js';
import type { SyncIdentity } from '../src/plan/sync-state.js';
import { type FlowPlace, moveNamespace, pathOfFlow } from '../src/resources/flow-path.js';
import { matchGlobs } from '../src/resources/globs.js';
import { decodeUtf8 } from '../src/resources/text.js';
import { withRemote } from '../src/runtime/connect.js';
import type { RunContext } from '../src/runtime/context.js';
import { listBothSides } from '../src/runtime/list-both-sides.js';
import { agreementOf, rememberAgreement, stillAt, unchangedSince } from '../src/runtime/no-change.js';
import { pushEndpoints } from '../src/runtime/push-sides.js';
import { recordFailure } from '../src/runtime/record-runs.js';
import { retryOnRace } from '../src/runtime/retry-on-race.js';
import { type Sign, signerOf } from '../src/runtime/signer.js';
import { Task } from '../src/runtime/task.js';
import { writeRows } from '../src/runtime/write-rows.js';
import { inScope } from '../src/storage/types.js';

const properties = strictObject(() => ({
  ...connection,
  ...guards,
  ...authorship,
  branch: z
    .string()
    .min(1)
    .default('main')
    .describe('Branch to push to; created from the default branch when missing.'),
  sourceNamespace: namespaceName
    .default('{{ flow.namespace }}')
    .describe('Namespace whose flows are pushed.'),
  targetNamespace: namespaceName
    .optional()
    .describe('Namespace written into the files; the source namespace when absent.'),
  flows: globs().describe('Glob, or list of globs, on the flow id. `**` means all.'),
  includeChildNamespaces: bool().default(false).describe('Push child namespaces too, into subdirectories.'),
  rewriteReferences: bool()
    .default(false)
    .describe('Let subflow and trigger references inside the moved namespaces follow.'),
  gitDirectory: gitDirectory('_flows'),
  delete: bool().default(true).describe('Delete flow files in scope whose flow is gone.'),
}));
type Properties = z.output<typeof properties>;

const output = object(() => ({
  ...pushOutput,
  flows: z.string().describe('URI of a JSON Lines file: `{file, action, additions, deletions, changes}`.'),
}));

/** `git.PushFlows`: commits the flows of a namespace to a git directory. */
export class PushFlows extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'git.PushFlows';
  static readonly title = 'Push the flows of a namespace to git.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly examples = [
    {
      title: 'Every hour, commit the flows of a namespace under their production name.',
      flow: `id: push_to_git
namespace: system

tasks:
  - id: commit_and_push
    type: git.PushFlows
    url: https://github.com/company/flows
    branch: main
    username: git_username
    password: "{{ secret('GITHUB_ACCESS_TOKEN') }}"
    sourceNamespace: dev
    targetNamespace: prod
    flows: "*"
    includeChildNamespaces: true
    gitDirectory: _flows
    commitMessage: "Flows of {{ now() | date('yyyy-MM-dd') }}"

triggers:
  - id: hourly
    type: io.kestra.plugin.core.trigger.Schedule
    cron: "0 * * * *"
`,
    },
  ];

  async run(context: RunContext): Promise<z.output<typeof output>> {
    const resolved = await this.resolve(context);
    const sign = await signerOf(resolved);
    return withRemote(context, resolved, (remote) => {
      const run = { identity: identityOf(remote, resolved), task: PushFlows.type, dryRun: resolved.dryRun };
      return recordFailure(context, run, () =>
        retryOnRace(context, resolved.pushRetries, () => push(context, remote, resolved, sign)),
      );
    });
  }
}

/** What reads flows, compares and commits: loaded while the server answers. */
const loadPlanner = () =>
  Promise.all([import('../src/plan/flows.js'), import('../src/runtime/push-to-git.js')]);

async function push(context: RunContext, remote: Remote, properties: Properties, sign: Sign | undefined) {
  const { sourceNamespace, includeChildNamespaces: children, gitDirectory: directory } = properties;
  const targetNamespace = properties.targetNamespace ?? sourceNamespace;
  const toGit = (namespace: string) => moveNamespace(namespace, sourceNamespace, targetNamespace);
  const toStorage = (namespace: string) => moveNamespace(namespace, targetNamespace, sourceNamespace);
  const place: FlowPlace = { directory, namespace: targetNamespace, children };
  const scope = { kind: 'flow', namespace: sourceNamespace, children } as const;
  const identity = identityOf(remote, properties);
  const state = await readSyncState(context.storage, identity);
  const base = await remote.openForPush(properties.branch, { path: directory, contents: 'none' });
  const endpoints = pushEndpoints(context, { identity, scope, base });
  const agreement = (commit: string) =>
    agreementOf(context, identity, commit, scope, properties, { flows: properties.flows ?? null });
  const { dryRun } = properties;
  if (base.tip !== null) {
    const run = { task: PushFlows.type, direction: 'PUSH', ...endpoints, dryRun } as const;
    const unchanged = await unchangedSince(context, agreement(base.tip), run);
    if (unchanged !== null) {
      const revision = formatRevision(base.branch, base.tip);
      const flows = await writeRows(context, 'flows', unchanged.rows);
      return { flows, commitId: null, commitURL: null, summary: unchanged.summary, revision, dryRun };
    }
  }

  const selected = await matchGlobs(properties.flows);
  const {
    entries,
    listed,
    version,
    arranged: stored,
  } = await listBothSides(context, base, {
    directory,
    scope,
    load: loadPlanner,
    async arrange(present) {
      const [flows] = await loadPlanner();
      return flows.readStoredFlows(context.storage, {
        entries: present.filter(({ key }) => selected(key.id)),
        state,
        toGit,
        references: properties.rewriteReferences,
        signal: context.signal,
      });
    },
  });
  const [flows, { pushRows, pushToGit, settledPushRows }] = await loadPlanner();
  const ignored =
    base.snapshot === null ? () => false : await loadIgnoreRules(base.snapshot, entries, directory);
  const isIgnored = (path: string) => ignored(relativePath(directory, path));

  for (const { note } of stored.unfit) context.logger.info({ flow: note }, 'not pushed');
  const visible = entries.filter((entry) => !isIgnored(entry.path));
  const pathOf = ({ namespace, id }: ResourceKey) => pathOfFlow(place, toGit(namespace), id);
  const memory = flows.rememberPushed(state, stored.flows, pathOf);
  const found =
    base.snapshot === null
      ? { flows: [], invalid: [] }
      : await flows.readGitFlows({ snapshot: base.snapshot, entries: visible, place, memory, toStorage });
  flows.refuseDuplicates(found.flows);
  const target = { kind: 'flow', namespace: targetNamespace, children } as const;
  const writes = (name: string) => inScope(target, { kind: 'flow', namespace: name, id: '' });
  const placed = flows.placeFlows({ stored, found, entries, selected, writes, pathOf, isIgnored });
  const result = await pushToGit(context, {
    task: PushFlows.type,
    properties,
    defaultMessage: `Add flows from ${sourceNamespace} namespace`,
    identity,
    state,
    scope,
    remote,
    base,
    listed,
    sign,
    entries,
    ...placed,
    inGit: (content, { namespace }) => {
      const source = decodeUtf8(content);
      return source === null ? content : Buffer.from(flows.rewriteNamespace(source, toGit(namespace)));
    },
    read: stored.read,
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
    flows: await writeRows(context, 'flows', pushRows(result.plan)),
    commitId: result.commitId,
    commitURL: result.commitURL,
    summary: result.plan.outline.summary,
    revision: result.revision,
    dryRun,
  };
}

function identityOf(remote: Remote, properties: Properties): SyncIdentity {
  const { sourceNamespace, includeChildNamespaces: children, gitDirectory: directory } = properties;
  return {
    direction: 'PUSH',
    kind: 'flow',
    url: remote.url,
    revision: properties.branch,
    directory,
    namespace: sourceNamespace,
    gitNamespace: properties.targetNamespace ?? sourceNamespace,
    children,
    rewrite: properties.rewriteReferences ? 'references' : '',
  };
}
