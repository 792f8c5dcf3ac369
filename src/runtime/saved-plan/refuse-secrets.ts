import type { SavedTask } from '../../../schemas/saved-plan.js';
import { SecretInPlanError } from '../../errors.js';
import { restoreContent } from '../../plan/saved-content.js';
import type { Redactor } from '../../redaction.js';

const digest = /^(sha256:)?[0-9a-f]{40,64}$/;

/**
 * Refuses a plan in which the value of a secret stands anywhere: in what it writes, in a path, in the message of a
 * commit. Object ids are no texts and are let pass.
 * @throws SecretInPlanError naming where it stands, and not the secret
 */
export function refuseSecrets(task: SavedTask, redactor: Redactor): void {
  const holds = (text: string) => redactor.redact(text) !== text;
  for (const change of task.effect.changes) {
    const { content } = 'content' in change ? change : { content: null };
    if (content === null) continue;
    // A secret in a binary file is its ASCII or UTF-8 bytes all the same.
    const text = 'text' in content ? content.text : Buffer.from(restoreContent(content)).toString();
    if (holds(text))
      throw secretIn(
        task,
        `the content of ${redactor.redact('path' in change ? change.path : change.key.id)}`,
      );
  }
  const { changes, ...effect } = task.effect;
  const bare = changes.map((change) => ({ ...change, content: null }));
  const place = find({ ...task, effect: { ...effect, changes: bare } }, '', holds);
  if (place !== null) throw secretIn(task, `"${place}"`);
}

function find(value: unknown, place: string, holds: (text: string) => boolean): string | null {
  if (typeof value === 'string') return !digest.test(value) && holds(value) ? place : null;
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, item] of Object.entries(value)) {
    const found = find(item, place === '' ? name : `${place}.${name}`, holds);
    if (found !== null) return found;
  }
  return null;
}

function secretIn({ taskId }: SavedTask, where: string): SecretInPlanError {
  return new SecretInPlanError(
    `The plan of task "${taskId}" cannot be saved: ${where} holds the value of a secret, and a plan file must not.`,
    {
      hint: `Let the content refer to the secret as {{ secret('NAME') }}, or run the flow without saving its plan.`,
      data: { taskId, where },
    },
  );
}
