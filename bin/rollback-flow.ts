import { type FlowDefinition, type TaskDefinition, tasksOf } from '../schemas/flow.js';
import { SyncNotFoundError, UnsupportedError } from '../src/errors.js';
import { listSyncRecords } from '../src/plan/sync-records.js';
import type { SyncIdentity } from '../src/plan/sync-state.js';
import type { TaskRegistry } from '../src/runtime/registry.js';
import { type Arguments, lastValue } from './command.js';
import { readFlowFile } from './flow-file.js';
import { createRegistry } from './registry.js';
import type { Session } from './session.js';
import { withStorage } from './storage.js';
import { UsageError } from './usage-error.js';

/**
 * A flow of one task that is the sync of `--sync` at the commit of `--to`. It is the same sync to the storage, because
 * its repository, branch, directory and namespace are the ones that the storage remembers.
 * @throws UsageError, SyncNotFoundError, UnsupportedError for a push
 */
export async function rollbackFlow(session: Session, args: Arguments): Promise<FlowDefinition> {
  const identity = await rememberedSync(session, required(args, 'sync', 'ID'));
  const commit = required(args, 'to', 'COMMIT');
  const type = identity.kind === 'file' ? 'git.SyncNamespaceFiles' : 'git.SyncFlows';
  const file = lastValue(args, 'flow');
  const around = file === undefined ? null : await readFlowFile(session.io.cwd, file);
  const registry = createRegistry();
  const own = around === null ? {} : ownProperties(around, { type, identity, registry }, args);
  const task = { ...own, ...chosen(args), ...place(identity), id: 'rollback', type, commit };
  return {
    ...(around === null ? { id: 'rollback', namespace: 'flowgit' } : surroundings(around)),
    tasks: [task],
  };
}

function required(args: Arguments, name: string, value: string): string {
  const given = lastValue(args, name);
  if (given !== undefined && given !== '') return given;
  throw new UsageError(
    `"flowgit rollback" needs --${name} ${value}.`,
    '"flowgit rollback --help" shows its use.',
  );
}

async function rememberedSync(session: Session, id: string): Promise<SyncIdentity> {
  const records = await withStorage(session, (storage) => listSyncRecords(storage));
  const record = records.find(({ state }) => state.id === id);
  if (record?.identity.direction === 'SYNC') return record.identity;
  if (record !== undefined) {
    throw new UnsupportedError(`${id} is a push; only syncs are rolled back.`, {
      hint: 'Undo the commit in git: "git revert" makes one that the next sync brings.',
    });
  }
  const known = records.filter(({ identity }) => identity.direction === 'SYNC').map(({ state }) => state.id);
  throw new SyncNotFoundError(`The storage has no record of a sync ${JSON.stringify(id)} to go back from.`, {
    hint:
      known.length === 0
        ? 'It has none at all: check --storage.'
        : `It has those of ${known.join(', ')}. A sync that never succeeded, or whose resources others took, has none.`,
    data: { known },
  });
}

/** Where the sync reads and writes; what makes it the same sync. */
function place({ kind, url, revision, directory, namespace, children }: SyncIdentity) {
  return {
    url,
    branch: revision,
    gitDirectory: directory === '' ? '.' : directory,
    ...(kind === 'file' ? { namespace } : { targetNamespace: namespace, includeChildNamespaces: children }),
    // What the sync brought since then goes, and nothing that others put there.
    delete: true,
    deleteScope: 'OWNED',
  };
}

function chosen(args: Arguments): Record<string, unknown> {
  const [username, password, maxDeletes] = ['username', 'password', 'max-deletes'].map((name) =>
    lastValue(args, name),
  );
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(maxDeletes !== undefined && { maxDeletes }),
    ...(args.switches.has('allow-empty') && { allowEmpty: true }),
  };
}

/** What a flow gives its tasks beside their properties. */
function surroundings({ id, namespace, inputs, variables, pluginDefaults, taskDefaults }: FlowDefinition) {
  return { id, namespace, inputs, variables, pluginDefaults, taskDefaults };
}

/** The properties of the flow's task that is this sync, without those that name another commit. */
function ownProperties(
  flow: FlowDefinition,
  { type, identity, registry }: { type: string; identity: SyncIdentity; registry: TaskRegistry },
  args: Arguments,
): Record<string, unknown> {
  const wanted = lastValue(args, 'task');
  const fitting = tasksOf(flow)
    .map(({ task }) => task)
    .filter((task) => registry.canonical(task.type) === type && (wanted === undefined || task.id === wanted));
  const exact = fitting.filter((task) => isSync(task, identity));
  const [task, other] = exact.length === 0 ? fitting : exact;
  if (task === undefined || other !== undefined) {
    throw new UsageError(
      task === undefined
        ? `The flow has no such task of type ${type}.`
        : `The flow has several tasks of type ${type}.`,
      'Name the one to take the connection from with --task ID.',
    );
  }
  const shape = Object.keys(registry.get(type).properties.shape);
  const names = shape.filter((name) => !['tag', 'semver', 'dryRun'].includes(name));
  return Object.fromEntries(
    names.flatMap((name) => (task[name] === undefined || task[name] === null ? [] : [[name, task[name]]])),
  );
}

function isSync(task: TaskDefinition, identity: SyncIdentity): boolean {
  const namespace = identity.kind === 'file' ? task.namespace : task.targetNamespace;
  return namespace === identity.namespace && task.url === identity.url;
}
