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
