import { createHash } from 'node:crypto';
import type { SavedPlan } from '../../schemas/saved-plan.js';

/** The digest over everything in a saved plan but itself: SHA-256 of its canonical JSON. */
export function digestPlan({ digest: _, ...rest }: Omit<SavedPlan, 'digest'> & { digest?: string }): string {
  return `sha256:${createHash('sha256').update(canonicalJson(rest)).digest('hex')}`;
}

/** JSON without white space and with the keys of every object sorted, so that one value has one text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, item]) => `${JSON.stringify(name)}:${canonicalJson(item)}`);
  return `{${members.join(',')}}`;
}
