import { explainingDiskFailures } from '../disk/failures.js';
import { InvalidPropertiesError } from '../errors.js';
import { openClone } from './clone/open-clone.js';
import { SharedRemotes } from './mirror/shared-remotes.js';
import { openSession } from './open-session.js';
import type { BuiltTree } from './push/build-tree.js';
import { openForPush } from './push/open-for-push.js';
import type { RemotePushBase } from './push/push-commit.js';
import type { ReceivePackOffer } from './push/receive-pack.js';
import type { RemotePolicy } from './remote-policy/policy.js';
import type { RemoteSession } from './session.js';
import { CommitSnapshot } from './snapshot/commit-snapshot.js';
import type { FileChange, Git, PushBase, Remote, RemoteOptions } from './types.js';

export interface CreateGitOptions {
  /**
   * Environment variables of the git programs that `file://` remotes run. Absent means a usual PATH and no
   * configuration of the user's.
   */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Which remotes may be reached; absent means every one, as suits who runs their own flows on their own machine. */
  policy?: RemotePolicy | undefined;
}

const defaultEnvironment = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin',
  GIT_CONFIG_GLOBAL: '/dev/null',
};

/** The git engine. */
export function createGit({ environment = defaultEnvironment, policy }: CreateGitOptions = {}): Git {
  const remotes = new SharedRemotes();
  return { connect: (options) => connect(options, { environment, policy, remotes }) };
}

/** Neither a sync nor the first request of a push takes it. */
const loadPush = () => import('./push/index.js');

function connect(options: RemoteOptions, surroundings: Parameters<typeof openSession>[1]): Remote {
  const session = openSession(options, surroundings);
  const leave = session.shared.enter();
  let offer: Promise<ReceivePackOffer> | undefined;
  let planned: PlannedTrees | undefined;
  return {
    url: session.url,
    listRefs: (prefixes) => session.listRefs(prefixes),
    openSnapshot: (revision, snapshotOptions) => session.openSnapshot(revision, snapshotOptions),
    openForPush(branch, snapshotOptions) {
      // What was told before a run began anew is out of date.
      offer = undefined;
      planned = undefined;
      return openForPush(session, branch, snapshotOptions, loadPush);
    },
    expectPush(push) {
      offer ??= discover(session);
      if (push !== undefined) planned = planTrees(push);
      offer.then(planned?.make).catch(unheeded);
    },
    async push(base, commit) {
      const isPlanned = planned?.base === base && planned.changes === commit.changes;
      const expected = { offer, trees: isPlanned ? planned?.make() : undefined };
      offer = undefined;
      planned = undefined;
      const { pushCommit } = await loadPush();
      return pushCommit(session, ownBase(base), commit, expected);
    },
    clone: (cloneOptions) =>
      explainingDiskFailures(`clone into ${cloneOptions.directory}`, () => openClone(session, cloneOptions)),
    close: async () => {
      await leave();
      await session.transport.close();
    },
  };
}

async function discover(session: RemoteSession): Promise<ReceivePackOffer> {
  const { discoverReceivePack } = await loadPush();
  return discoverReceivePack(session);
}

interface PlannedTrees {
  base: PushBase;
  changes: readonly FileChange[];
  /** Once, however often it is called. */
  make(): Promise<BuiltTree>;
}

function planTrees({ base, changes }: Omit<PlannedTrees, 'make'>): PlannedTrees {
  let trees: Promise<BuiltTree> | undefined;
  const build = async () => {
    const { buildTrees } = await loadPush();
    return buildTrees(ownBase(base).snapshot, changes);
  };
  return {
    base,
    changes,
    make() {
      if (trees === undefined) {
        trees = build();
        trees.catch(unheeded);
      }
      return trees;
    },
  };
}

/** What fails is told by the push; without one, nobody wants to know. */
function unheeded(): void {}

function ownBase({ branch, tip, snapshot }: PushBase): RemotePushBase {
  if (snapshot === null || snapshot instanceof CommitSnapshot) return { branch, tip, snapshot };
  throw new InvalidPropertiesError('The base of a push has to come from "openForPush".');
}
