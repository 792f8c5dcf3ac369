import { createGit } from '../src/git/index.js';
import type { RunContext } from '../src/runtime/context.js';
import { createRunContext, type RunContextOptions } from '../src/runtime/create-context.js';
import type { StorageAdapter } from '../src/storage/types.js';
import { gitEnvironment } from './git-environment.js';
import type { Session } from './session.js';
import { runSecrets } from './stored-secrets.js';

/** The context that plans are saved and applied in: what the command line gives, and no run around it. */
export async function planContext(
  session: Session,
  storage: StorageAdapter,
  options: Pick<RunContextOptions, 'confirm'> = {},
): Promise<RunContext> {
  const { settings, surroundings, redactor, io } = session;
  return createRunContext({
    ...options,
    storage,
    redactor,
    git: createGit({ environment: gitEnvironment(surroundings.env) }),
    network: {
      proxy: settings.proxy,
      cacheDir: settings.cacheDir,
      cacheMaxBytes: settings.cacheMaxBytes,
    },
    logger: await session.logger(),
    secrets: runSecrets(session, storage),
    variables: { envs: surroundings.envs },
    workingDirectory: settings.workingDir ?? io.cwd,
    signal: io.signal,
  });
}
