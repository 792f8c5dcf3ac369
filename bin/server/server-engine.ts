import { reportError } from '../../src/errors.js';
import type { Engine } from '../../src/executions/engine.js';
import { openEngine } from '../../src/executions/engine.js';
import type { Retention } from '../../src/executions/retention.js';
import type { RunSurroundings } from '../../src/executions/run-execution.js';
import { createGit, createRemotePolicy } from '../../src/git/index.js';
import type { Git } from '../../src/git/types.js';
import type { Logger } from '../../src/logger.js';
import { Redactor } from '../../src/redaction.js';
import type { RunContext } from '../../src/runtime/context.js';
import { createRunContext } from '../../src/runtime/create-context.js';
import type { TaskRegistry } from '../../src/runtime/registry.js';
import type { SecretProvider } from '../../src/secrets/types.js';
import { gitEnvironment } from '../git-environment.js';
import { directoryOutputFiles } from '../output-files.js';
import { pruneOutputs } from '../prune-outputs.js';
import { createRegistry } from '../registry.js';
import { outputRoot } from '../run-flow.js';
import type { Session } from '../session.js';
import { runSecrets } from '../stored-secrets.js';

/** An engine with the surroundings of a session, for processes that run the flows of others. */
export interface ServerEngine extends Engine {
  registry: TaskRegistry;
  git: Git;
  network: NonNullable<RunSurroundings['network']>;
  secrets: SecretProvider;
  /** What one request plans, applies and asks remotes with. Its secrets are its own. */
  openContext(signal: AbortSignal): RunContext;
}

export interface ServerEngineOptions {
  /** As `createRemotePolicy` has them: which remotes flows may reach. */
  allowedRemotes: readonly string[] | undefined;
  /** How long ended executions and their files are kept. */
  retention: Retention;
  observe?: RunSurroundings['observe'];
}

/** @throws UnsupportedError, StorageLockedError, StorageError, InvalidPropertiesError */
export async function openServerEngine(
  session: Session,
  { allowedRemotes, retention, observe }: ServerEngineOptions,
): Promise<ServerEngine> {
  const { settings, surroundings, io } = session;
  const registry = createRegistry();
  const git = createGit({
    environment: gitEnvironment(surroundings.env),
    policy: createRemotePolicy({ allowedRemotes }),
  });
  const network = {
    proxy: settings.proxy,
    cacheDir: settings.cacheDir,
    cacheMaxBytes: settings.cacheMaxBytes,
  };
  const logger = await session.logger();
  const root = outputRoot(session, false);
  // The secrets in storage can be had once it is open; nobody asks before.
  let provider: SecretProvider | null = null;
  const secrets: SecretProvider = {
    get: async (name, namespace) => (await provider?.get(name, namespace)) ?? null,
  };
  const engine = await openEngine({
    storageUrl: settings.storage,
    cwd: io.cwd,
    registry,
    git,
    network,
    secrets,
    logger,
    envs: surroundings.envs,
    outputFiles: (executionId, redactor) => directoryOutputFiles(root, executionId, redactor, logger),
    observe,
  });
  const { storage } = engine;
  engine.keepPurging(retention);
  const stopPruning = keepPruning(root, retention, logger);
  provider = runSecrets(session, storage);
  return {
    ...engine,
    async close() {
      stopPruning();
      await engine.close();
    },
    registry,
    git,
    network,
    secrets,
    openContext: (signal) =>
      createRunContext({
        storage,
        git,
        network,
        logger,
        secrets,
        signal,
        redactor: new Redactor(),
        variables: { envs: surroundings.envs },
      }),
  };
}

const pruneMs = 60 * 60_000;

/** Output files lie on the machine that ran the flow, so each looks after its own. */
function keepPruning(root: string, { endedMs, failedMs }: Retention, logger: Logger): () => void {
  const kept = { executions: 0, ms: Math.max(endedMs, failedMs) };
  const timer = setInterval(() => {
    pruneOutputs(root, Date.now(), kept).catch((error: unknown) =>
      logger.warn({ error: reportError(error) }, 'old output files could not be removed'),
    );
  }, pruneMs);
  timer.unref();
  return () => clearInterval(timer);
}
