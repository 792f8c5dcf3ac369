import { createRoute } from '@hono/zod-openapi';
import pLimit from 'p-limit';
import { appliedPlan, planBody, planList, shownPlan } from '../../../schemas/api.js';
import { ConflictError, InvalidFlowError, RateLimitedError } from '../../errors.js';
import { formatProblem, inspectFlow } from '../../resources/flow.js';
import { apply } from '../../runtime/saved-plan/index.js';
import { isPlanAllowed, requirePlan } from '../plans/plan-namespaces.js';
import { type KeptPlan, openPlanStore } from '../plans/plan-store.js';
import type { ServerApp, ServerServices } from '../services.js';
import { requireNamespace, requireScope } from '../tokens/authenticate.js';
import { answers, base, idParams, jsonBody, needs, params } from './endpoint.js';
import { readRunnable } from './executions.js';

const tags = ['plans'];
/** A plan fetches repositories inside this process. */
const atOnce = 2;
const maxWaiting = 20;

/** Plans: make one of a flow, look at it, apply exactly that. */
export function planRoutes(app: ServerApp, services: ServerServices): void {
  const { storage, makePlan, openContext, clock = () => new Date() } = services;
  const plans = openPlanStore(storage, clock);
  const limit = pLimit(atOnce);
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    if (limit.pendingCount < maxWaiting) return limit(work);
    throw new RateLimitedError('Too many plans wait to be made or applied.', { retryAfterSeconds: 10 });
  };

  app.openapi(
    createRoute({
      method: 'post',
      path: `${base}/plans`,
      tags,
      summary: 'Make the plan of a flow; nothing but the plan is written',
      description:
        'With `source` the token needs the scope `write` as well: the flow runs, and asks for secrets.',
      ...needs('run'),
      request: { params: params(), body: jsonBody(planBody) },
      responses: answers(201, 'The plan', shownPlan),
    }),
    async (context) => {
      const caller = context.get('caller');
      const body = context.req.valid('json');
      // Who may start what others wrote may not have everything run: a flow sends secrets wherever it says.
      if ('source' in body) requireScope(caller, 'write');
      const flow =
        'source' in body
          ? parse(body.source)
          : (await readRunnable(services, body.namespace, body.id)).definition;
      requireNamespace(caller, flow.namespace);
      const { signal } = context.req.raw;
      const plan = await inTurn(() => makePlan({ flow, inputs: body.inputs, signal }));
      requirePlan(caller, plan);
      return context.json(shown(await plans.keep(plan, caller.name)), 201);
    },
  );

  app.openapi(
    createRoute({
      method: 'get',
      path: `${base}/plans`,
      tags,
      summary: 'The plans that were made, the newest first',
      ...needs('read'),
      request: { params: params() },
      responses: answers(200, 'The plans', planList),
    }),
    async (context) => {
      const all = await plans.list();
      const own = all.filter(({ plan }) => isPlanAllowed(context.get('caller'), plan));
      return context.json({ plans: own.map(summaryOf) });
    },
  );

  app.openapi(
    createRoute({
      method: 'get',
      path: `${base}/plans/{id}`,
      tags,
      summary: 'One plan, as "flowgit plan -o" saves it',
      ...needs('read'),
      request: { params: idParams },
      responses: answers(200, 'The plan', shownPlan),
    }),
    async (context) => {
      const kept = await plans.get(context.req.valid('param').id);
      requirePlan(context.get('caller'), kept.plan);
      return context.json(shown(kept));
    },
  );

  app.openapi(
    createRoute({
      method: 'post',
      path: `${base}/plans/{id}/apply`,
      tags,
      summary: 'Apply exactly what a plan shows, or nothing when anything it was made on has changed',
      ...needs('write'),
      request: { params: idParams },
      responses: answers(200, 'What was applied', appliedPlan),
    }),
    async (context) => {
      const kept = await plans.get(context.req.valid('param').id);
      requirePlan(context.get('caller'), kept.plan);
      if (kept.appliedAt !== null) {
        throw new ConflictError(`The plan ${kept.id} was applied at ${kept.appliedAt}.`, {
          hint: 'Make a new one.',
        });
      }
      const tasks = await inTurn(() => apply(kept.plan, openContext(context.req.raw.signal)));
      await plans.markApplied(kept.id);
      await services.catalog.refresh();
      return context.json({ tasks });
    },
  );
}

function parse(source: string) {
  const { definition, problems } = inspectFlow(source);
  if (definition !== null) return definition;
  throw new InvalidFlowError(`The flow is not valid: ${problems.map(formatProblem).join('; ')}`, {
    data: { problems },
  });
}

function summaryOf({ id, madeBy, appliedAt, plan }: KeptPlan) {
  const tasks = plan.tasks.map(({ taskId, plan: { task, summary } }) => ({ taskId, task, summary }));
  return { id, madeAt: plan.madeAt, madeBy, appliedAt, flow: plan.flow, tasks };
}

function shown(kept: KeptPlan) {
  return { ...summaryOf(kept), plan: kept.plan };
}
