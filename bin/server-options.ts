import type { Retention } from '../src/executions/retention.js';
import { type Arguments, lastValue, type Option } from './command.js';
import type { Session } from './session.js';
import { UsageError } from './usage-error.js';

/** What `serve` and `worker` both take. */
export const concurrency: Option = {
  name: 'concurrency',
  value: 'COUNT',
  description: 'Runs at once in this process. Default: 4',
};
export const allowRemote: Option = {
  name: 'allow-remote',
  value: 'REMOTE',
  multiple: true,
  description:
    'A host, network or directory that flows may reach (or FLOWGIT_ALLOWED_REMOTES, with commas). Default: * for every public host. See docs/allowed-remotes.md',
};

export const retain: Option = {
  name: 'retain',
  value: 'AGE',
  description:
    'Remove executions, with their logs, plans and files, so long after their end, such as 12h or 30d; or forever. Default: 30d',
};
export const retainFailed: Option = {
  name: 'retain-failed',
  value: 'AGE',
  description: 'The same for executions that failed. Default: 90d',
};

/** @throws UsageError */
export function retention(args: Arguments): Retention {
  return { endedMs: ageOf(args, retain.name, '30d'), failedMs: ageOf(args, retainFailed.name, '90d') };
}

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function ageOf(args: Arguments, name: string, fallback: string): number {
  const text = lastValue(args, name) ?? fallback;
  if (text === 'forever') return Number.POSITIVE_INFINITY;
  const [, amount, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const ms = Number(amount) * (unitMs[unit] ?? 0);
  if (ms > 0) return ms;
  throw new UsageError(`--${name} is a while such as 30d, 12h or 30m, or "forever".`);
}

/** Undefined when nothing was said: the policy has a default of its own. */
export function allowedRemotes({ surroundings }: Session, args: Arguments): readonly string[] | undefined {
  const given = args.values.get(allowRemote.name);
  if (given !== undefined) return given;
  const entries = (surroundings.env.FLOWGIT_ALLOWED_REMOTES ?? '').split(',').map((entry) => entry.trim());
  const named = entries.filter((entry) => entry !== '');
  return named.length === 0 ? undefined : named;
}

/** @throws UsageError */
export function wholeNumber(
  args: Arguments,
  name: string,
  { fallback, min, max }: { fallback: string; min: number; max: number },
): number {
  const text = lastValue(args, name) ?? fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`--${name} is a whole number from ${min} to ${max}.`);
}
