import { InvalidPropertiesError } from '../errors.js';
import { cloneRepository } from './clone/clone-repository.js';
import { openSession } from './open-session.js';
import { openForPush } from './push/open-for-push.js';
import { pushCommit, type RemotePushBase } from './push/push-commit.js';
import { CommitSnapshot } from './snapshot/commit-snapshot.js';
import type { Git, PushBase, Remote, RemoteOptions } from './types.js';

export interface CreateGitOptions {
  /**
   * Environment variables of the git programs that `file://` remotes run. Absent means a usual PATH and no
   * configuration of the user's.
   */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
}

const defaultEnvironment = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin',
  GIT_CONFIG_GLOBAL: '/dev/null',
};

/** The git engine. */
export function createGit({ environment = defaultEnvironment }: CreateGitOptions = {}): Git {
  return { connect: (options) => connect(options, environment) };
}

function connect(options: RemoteOptions, environment: NonNullable<CreateGitOptions['environment']>): Remote {
  const session = openSession(options, environment);
  return {
    url: session.url,
    listRefs: (prefixes) => session.listRefs(prefixes),
    openSnapshot: (revision, snapshotOptions) => session.openSnapshot(revision, snapshotOptions),
    openForPush: (branch, snapshotOptions) => openForPush(session, branch, snapshotOptions),
    push: async (base, commit) => pushCommit(session, ownBase(base), commit),
    clone: (cloneOptions) => cloneRepository(session, cloneOptions),
    close: () => session.transport.close(),
  };
}

function ownBase({ branch, tip, snapshot }: PushBase): RemotePushBase {
  if (snapshot === null || snapshot instanceof CommitSnapshot) return { branch, tip, snapshot };
  throw new InvalidPropertiesError('The base of a push has to come from "openForPush".');
}
