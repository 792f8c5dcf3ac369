import type { Logger } from '../logger.js';
import { triggersOf } from './triggers-of.js';
import type { FlowCatalog, StoredFlow } from './types.js';

/**
 * Logs what of the stored flows is not run although nobody asked for that: once for each revision of a flow, now and
 * whenever the catalog changes. The function it returns ends that.
 */
export function tellIdle(catalog: Pick<FlowCatalog, 'list' | 'onChange'>, logger: Logger): () => void {
  const told = new WeakSet<StoredFlow>();
  const tell = () => {
    for (const flow of catalog.list()) {
      if (told.has(flow)) continue;
      told.add(flow);
      tellFlow(flow, logger);
    }
  };
  tell();
  return catalog.onChange(tell);
}

function tellFlow(flow: StoredFlow, logger: Logger): void {
  const { namespace, id, revision, unknownTypes } = flow;
  const place = { flow: `${namespace}.${id}`, revision };
  if (unknownTypes.length > 0) {
    logger.warn({ ...place, unknownTypes }, 'Not run: it has tasks this engine does not have');
  }
  for (const { id: trigger, type, cause, reason } of triggersOf(flow).idle) {
    // What the flow lacks was told for all of its triggers.
    if (cause === 'disabled' || (cause === 'unknown' && unknownTypes.length > 0)) continue;
    logger.warn({ ...place, trigger, type, cause, reason }, 'A trigger starts nothing');
  }
}
