import { reportError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import { renderValue } from '../../runtime/render-value.js';
import { conditionsHold } from '../conditions.js';
import { executionIdOf } from '../execution-id.js';
import { triggerScope } from '../render.js';
import type { StartRequest, StartRun, StoredFlow } from '../types.js';
import type { PushCandidate } from './handle-delivery.js';
import { type PushFilter, whyNot } from './match-push.js';
import type { Push } from './push.js';

/** A run that a push started, or why it did not. */
export interface StartedPush {
  namespace: string;
  flow: string;
  /** Null where there is none of its own. */
  executionId: string | null;
  started: boolean;
  reason: 'waiting' | 'suspended' | null;
}

/** A burst is over by then: its first push begins a run at once, and those that follow share one. */
const apartMs = 10_000;
/** More than this is not worth being recorded with every run. */
const maxRecordedPaths = 1000;

/**
 * Starts every flow that a push is for. Of the pushes to one branch that come while a run waits, none starts another: the
 * one that waits will find the newest commit; and it waits a little, for the rest of a burst to come.
 * @throws AggregateError when runs could not be started, after the others were
 */
export async function startPush(
  {
    pushes,
    candidates,
    mark,
  }: { pushes: readonly Push[]; candidates: readonly PushCandidate[]; mark: string },
  { startRun, logger }: { startRun: StartRun; logger: Logger },
): Promise<{ runs: StartedPush[]; ignored: string | null }> {
  const runs: StartedPush[] = [];
  const reasons = new Set<string>();
  const failures: unknown[] = [];
  for (const candidate of candidates) {
    for (const push of pushes) {
      const request = await requestFor(candidate, push, mark, logger);
      if (typeof request === 'string') {
        reasons.add(request);
        continue;
      }
      try {
        const { namespace, id } = candidate.flow;
        const { executionId, started, reason } = await startRun(request);
        const own = reason === undefined ? executionId : null;
        runs.push({ namespace, flow: id, executionId: own, started, reason: reason ?? null });
      } catch (error) {
        failures.push(error);
      }
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} runs were not started`);
  return { runs, ignored: [...reasons].sort((a, b) => ranking.indexOf(b) - ranking.indexOf(a))[0] ?? null };
}

const otherRepository = 'no trigger is for this repository';
const otherBranch = 'no trigger is for this branch';
const otherPaths = 'the push changes none of the paths that triggers are for';
/** The last one that applies is the one to tell. */
const ranking = [otherRepository, otherBranch, otherPaths];

/** What to start, or why nothing is. */
async function requestFor(
  { flow, trigger }: PushCandidate,
  push: Push,
  mark: string,
  logger: Logger,
): Promise<StartRequest | string> {
  try {
    const { url, branches, paths } = trigger;
    const filter = (await renderValue(
      { url, branches, paths },
      triggerScope(flow, null),
      trigger.id,
    )) as PushFilter;
    const reason = await whyNot(push, filter);
    if (reason === 'repository') return otherRepository;
    if (reason !== null) return reason === 'branch' ? otherBranch : otherPaths;
    const variables = variablesOf(trigger.provider, filter.url, push);
    const scope = triggerScope(flow, variables);
    if (!(await conditionsHold(trigger, scope))) return 'the conditions do not hold';
    const inputs = (await renderValue(trigger.inputs ?? {}, scope, 'inputs')) as Record<string, unknown>;
    return {
      flow,
      trigger: { type: 'webhook', id: trigger.id, variables },
      inputs,
      executionId: executionIdOf('push', mark, flow.namespace, flow.id, trigger.id, push.branch, push.after),
      coalesceKey: coalesceKeyOf(flow, trigger.id, push.branch),
      apartMs,
    };
  } catch (error) {
    const { namespace, id } = flow;
    logger.error(
      { namespace, flow: id, trigger: trigger.id, error: reportError(error) },
      'the push trigger cannot be rendered',
    );
    return 'a trigger cannot be rendered; the server log says why';
  }
}

function variablesOf(provider: string, url: string, push: Push): Record<string, unknown> {
  const { branch, before, after, paths } = push;
  const known = paths !== null && paths.length <= maxRecordedPaths ? paths : null;
  return { provider, event: 'push', url, branch, before, after, paths: known };
}

function coalesceKeyOf({ namespace, id }: StoredFlow, triggerId: string, branch: string): string {
  return `push ${namespace}/${id} ${triggerId} ${branch}`;
}
