import { isAbsolute, join } from 'node:path';
import type { ConnectionProperties } from '../../schemas/connection.js';
import { UnsupportedError } from '../errors.js';
import type { Remote } from '../git/types.js';
import type { RunContext } from './context.js';
import { unfollowed } from './unfollowed.js';

/** The remote that a task's connection properties name, reached with what the context gives. */
export async function connect(context: RunContext, properties: ConnectionProperties): Promise<Remote> {
  refuseUnsupported(properties);
  const ca = properties.trustedCaPemPath;
  return context.git.connect({
    url: properties.url,
    username: properties.username,
    password: properties.password,
    privateKey: properties.privateKey,
    passphrase: properties.passphrase,
    knownHosts: properties.knownHosts,
    strictHostKeyChecking: properties.strictHostKeyChecking,
    connectTimeoutMs: properties.connectTimeout,
    readTimeoutMs: properties.readTimeout,
    trustedCaPemPath:
      ca === undefined || isAbsolute(ca) ? ca : join(await context.workingDirectory.path(), ca),
    proxy: properties.noProxy ? undefined : context.network.proxy,
    cacheDir: context.network.cacheDir,
    cacheMaxBytes: context.network.cacheMaxBytes,
    signal: context.signal,
    logger: context.logger,
    onProgress: context.progress === unfollowed ? undefined : context.progress,
  });
}

/** Runs `use` with a remote and closes it afterwards, whatever happened. */
export async function withRemote<T>(
  context: RunContext,
  properties: ConnectionProperties,
  use: (remote: Remote) => Promise<T>,
): Promise<T> {
  const remote = await connect(context, properties);
  try {
    return await use(remote);
  } finally {
    await remote.close();
  }
}

function refuseUnsupported(properties: ConnectionProperties): void {
  if (properties.kestraUrl !== undefined) {
    throw new UnsupportedError(
      '"kestraUrl" is not supported yet: flowgit cannot use a Kestra server as its storage.',
      {
        hint: 'Leave "kestraUrl" and "auth" out to use the storage of this run.',
      },
    );
  }
  if (properties.cloneSubmodules) {
    throw new UnsupportedError('"cloneSubmodules" is not supported yet.', {
      hint: 'Leave it out; submodules are then empty directories.',
    });
  }
}
