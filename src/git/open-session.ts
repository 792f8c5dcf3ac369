import { silentLogger } from '../logger.js';
import { resolveLimits } from './limits.js';
import type { SharedRemotes } from './mirror/shared-remotes.js';
import { UploadPack } from './protocol/upload-pack.js';
import type { RemoteSession } from './session.js';
import { openSnapshot } from './snapshot/open-snapshot.js';
import { openTransport, type TransportEnvironment } from './transport/open-transport.js';
import type { RemoteOptions } from './types.js';

/**
 * A session with one remote. Makes no request yet.
 * @throws InvalidPropertiesError, UnsupportedError for a URL that cannot be spoken to
 */
export function openSession(
  options: RemoteOptions,
  {
    environment,
    policy,
    remotes,
  }: Pick<TransportEnvironment, 'environment' | 'policy'> & { remotes: SharedRemotes },
): RemoteSession {
  const logger = options.logger ?? silentLogger;
  const limits = resolveLimits(options.limits);
  const transport = openTransport(options, { logger, environment, policy });
  const { onProgress } = options;
  const uploadPack = new UploadPack(transport, {
    maxRefs: limits.maxObjects,
    onMessage: onProgress && ((message) => onProgress({ phase: 'receive', done: 0, message })),
  });
  const session: RemoteSession = {
    options,
    url: transport.url,
    transport,
    limits,
    logger,
    signal: options.signal,
    shared: remotes.of(transport.url, limits, options),
    onProgress: (event) => onProgress?.(event),
    listRefs: (prefixes) => uploadPack.listRefs(prefixes),
    unbornHead: () => uploadPack.unbornHead(),
    fetchPack: (request) => uploadPack.fetchPack(request),
    openSnapshot: (revision, snapshotOptions) => openSnapshot(session, revision, snapshotOptions),
  };
  return session;
}
