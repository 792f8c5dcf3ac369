import { FlowNotFoundError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { StorageAdapter } from '../storage/types.js';
import type { ExecutionRecord } from './types.js';

/**
 * The source of the flow that an execution is of, at the revision it was started at where the storage still has that.
 * @throws FlowNotFoundError
 */
export async function loadFlow(
  storage: StorageAdapter,
  { namespace, flowId, flowRevision }: ExecutionRecord,
  logger: Logger,
): Promise<{ source: string; revision: number }> {
  const key = { kind: 'flow', namespace, id: flowId } as const;
  const [present = null] = await storage.read([key]);
  let found = present;
  if (flowRevision !== null && present?.revision !== flowRevision) {
    found = (await storage.readRevision?.(key, flowRevision)) ?? present;
    if (found !== null && found.revision !== flowRevision) {
      const fields = { flowRevision, presentRevision: found.revision };
      logger.warn(fields, 'the flow has changed since the run was asked for; its present revision is run');
    }
  }
  if (found === null) {
    throw new FlowNotFoundError(`The flow ${namespace}.${flowId} is no longer there.`, {
      hint: 'It was deleted after the run was asked for.',
    });
  }
  return { source: new TextDecoder().decode(found.content), revision: found.revision };
}
