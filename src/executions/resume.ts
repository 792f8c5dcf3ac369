import { sql } from 'kysely';
import type { InputDefinition } from '../../schemas/flow.js';
import type { RunQueue } from '../queue/types.js';
import { Redactor } from '../redaction.js';
import { createRunContext } from '../runtime/create-context.js';
import { expressionScope } from '../runtime/expression-scope.js';
import { resolveInputs } from '../runtime/inputs.js';
import { inTransaction } from '../storage/postgres/in-transaction.js';
import type { EngineStorage } from './fenced-storage.js';
import { getExecution } from './read-executions.js';
import type { RunSurroundings } from './run-execution.js';
import { updateExecution } from './store.js';
import type { Checkpoint, ExecutionRecord, Waiting } from './types.js';

type ResumeSurroundings = EngineStorage & { queue: RunQueue } & Pick<RunSurroundings, 'outputFiles'>;

/**
 * Answers the pause that an execution stands at, and queues it; false when it stands at none.
 * @throws InvalidPropertiesError when these are not the inputs it asks for
 */
export async function resumeExecution(
  surroundings: ResumeSurroundings,
  executionId: string,
  inputs: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const { database, tenant, queue } = surroundings;
  const paused = await getExecution(database.db, tenant, executionId);
  const waiting = waitingOf(paused);
  if (paused === null || waiting === null) return false;
  const onResume = await readAnswer(surroundings, paused, waiting, inputs);
  const isResumed = await inTransaction(database, async (tx) => {
    // Its time may be over at this moment, or somebody else resume it: one of them does.
    await sql`
      select 1 from flowgit.execution where tenant = ${tenant} and id = ${executionId} for update`.execute(
      tx,
    );
    const record = await getExecution(tx, tenant, executionId);
    const checkpoint = record?.checkpoint ?? null;
    if (checkpoint === null || waitingOf(record)?.since !== waiting.since) return false;
    const answers = { ...checkpoint.answers, [waiting.place]: { behavior: 'RESUME' as const, onResume } };
    const next: Checkpoint = { ...checkpoint, waiting: null, answers };
    await updateExecution(tx, tenant, executionId, { state: 'QUEUED', checkpoint: next });
    await queue.enqueue({ executionId, exclusiveKeys: checkpoint.exclusiveKeys }, tx);
    return true;
  });
  if (isResumed) queue.wake();
  return isResumed;
}

function waitingOf(record: ExecutionRecord | null): Waiting | null {
  return record?.state === 'PAUSED' ? (record.checkpoint?.waiting ?? null) : null;
}

function readAnswer(
  { storage, outputFiles }: ResumeSurroundings,
  { id: executionId, namespace, flowId }: ExecutionRecord,
  { onResume }: Waiting,
  inputs: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const redactor = new Redactor();
  const identity = { namespace, flowId, executionId };
  return resolveInputs(onResume as InputDefinition[], inputs, {
    flowId,
    scope: (known) =>
      expressionScope(createRunContext({ storage, redactor, identity, variables: { inputs: known } })),
    redactor,
    outputFiles: outputFiles(executionId, redactor),
  });
}
